"""Words that mean the same in this field, in Dutch and in English, gathered under one name.

The models see the name beside the words, so what is learnt from "uitvaart" also counts for "funeral" and "crematie",
and a compound ("huurwoningwachtlijst") shows its parts. A line is a name and its beginnings of words; a beginning
with * may stand anywhere in a word, one with $ must end the word, and + stands for a space.
"""

import re
from collections import defaultdict
from itertools import accumulate, chain
from typing import Dict, FrozenSet, Iterator, List, Pattern, Set, Tuple

from bot.language.normalise import remembered

START = 3  # letters by which a way of writing is found

CONCEPTS = """
paspoort: *paspoort paspoord passport pasport reisdocument+ travel+document zakenpaspoort
id_kaart: *identiteitskaart id+kaart idkaart id+card identity+card identiteitsbewijs legitimatie+bewijs
rijbewijs: *rijbewijs rijbewjs driving+licen driver+licen drivers+licen drivers+license roze+pasje omwisselen cbr keuring gezondheidsverklaring
verhuizen: verhuis verhuiz *verhuizing moved moving+to new+address nieuw+adres adres+wijzig adreswijzig change+of+address ander+adres inwon samenwon house+move ga+verhuizen moved+house
uit_buitenland: *vestig uit+het+buitenland from+abroad arriv bsn newcomer just+moved+to+the+netherlands eerste+inschrijving first+registration immigr settle kom+uit
naar_buitenland: emigr uitschrijv vertrek+naar moving+abroad leaving+the+netherlands deregist leave+the+country verhuis+naar+het+buitenland wonen+in+het+buitenland rni
briefadres: *briefadres postadres postal+address correspondence+address mailing+address letter+address
adresonderzoek: *adresonderzoek oud+bewoner oude+bewoner vorige+bewoner previous+tenant still+registered nog+ingeschreven address+investigation adresfraude spookbewon
uittreksel: *uittreksel *uitreksel bewijs+van+inschrijving brp extract proof+of+address proof+of+registration attestatie bewijs+van+in+leven registration+certificate
akte: *akte$ *aktes afschrift certificate birth+certificate marriage+certificate death+certificate apostille burgerlijke+stand
geboorte: *geboorte pasgeboren bevall newborn baby geboren born birth aangeven+kind just+had+a+baby
erkenning: *erken* vaderschap paternity acknowledge ongeboren unborn gezag father+of+the+child zwanger
achternaam: *achternaam meisjesnaam surname last+name maiden+name naamgebruik family+name naam+van+mijn+man naamskeuze aanschrijf
trouwen: *trouw *huwelijk getuige partnerschap marr wedding witness babs ceremonie+huwelijk wedding+venue bruiloft verloof register+partnership trouwambtenaar
overlijden: *overle *overlij *uitvaart died death deceased passed+away funeral cremat cremeren nabestaand lijkverbrand+ laten+begraven passing
begraafplaats: *graf *graven begraafplaats grave cemetery urn$ urnen grafrecht burial+plot grafsteen headstone tombstone strooiveld
vog: vog$ vog* verklaring+omtrent gedrag certificate+of+conduct good+conduct criminal+record+check justis strafblad
naturalisatie: naturalis *nationaliteit nederlander+worden optie+procedure dutch+citizen citizenship become+dutch nationality ceremony optieverklaring dutch+nationality
inburgeren: *inburger integration civic dutch+course taalles duo+inburg pip+ taalschakel z+route intake+inburg integrat
stemmen: *stemm *stempas *verkiezing *kiezer volmacht *stembureau vote voting ballot election polling proxy kandidaat
afval_ophalen: *ophaal *ophalen *opgehaald afvalkalender inzamel collection+day pick+up picked+up collected vuilniswagen garbage+truck bin+day rubbish+collection kalender vuilophaal afvalapp
container: *container *kliko minicontainer wheelie bin$ bins+ rolemmer duobak ondergronds* underground+container
afvalpas: *afvalpas milieupas toegangspas waste+pass waste+card containerpas pasje+container adrespas container+card
grofvuil: *grofvuil *grof+vuil *grofhuis bulky oude+bank bankstel matras mattress couch sofa koelkast+ kringloop wasmachine meubel furniture
milieustraat: *milieustraat *brengstation recycling+centre recycling+center stort afvalbreng milieupark afvalpunt dump recycling+station recyclingpunt
scheiden: *scheiden *gescheiden pmd plastic glasbak glas$ gft papierbak karton luiers chemisch batterij batteries verf medicijn restafval piepschuim frituurvet styrofoam diaper nappies asbest which+bin welke+bak
parkeervergunning: parkeer*vergunning parkeerverguning *vergunninghouder bewonersvergunning parking+permit resident+permit parking+for+residents tweede+auto second+car deelauto parkeerzone
bezoek: *bezoek visitor guests guest bezoekerspas kraskaart logee visitors+parking
betaald_parkeren: *parkeer*tarief parkeertarief betaald+parkeren parkeergeld parkeerautomaat parking+meter blauwe+zone parkeerschijf blue+zone parking+disc parkeerapp easypark parkmobile paid+parking parking+rates parking+fee camper aanhanger caravan parkeergarage garage
parkeerbon: *parkeerbo *bekeuring naheffing parking+ticket parking+fine bon$ bonnetje fine$ fined wielklem clamp boete
gehandicapt: gehandicapt* *invalide disabled blue+badge handicap gpk disability beperking
kenteken: *kenteken license+plate licence+plate number+plate
laadpaal: *laadpaal laadpunt laadkabel laadpalen charging charger ev$ elektrisch electric+car stekker laadplein
bijstand: *bijstand welfare social+assistance participatiewet sociale+dienst benefits$ benefit+ uitkering kostendeler levensonderhoud income+support
inkomen_laag: *minima laag+inkomen low+income stadspas armoede weinig+geld low+on+money kindpakket individuele+inkomenstoeslag energietoeslag energy+allowance city+pass bijzondere vergoeding+voor+mensen jeugdfonds meedoen+regeling studietoeslag
inrichting_kosten: wasmachine+kapot inrichtingskosten vloerbedekking bril tandarts+kosten bewindvoer* advocaatkosten eigen+bijdrage+advocaat furnishing glasses special+assistance bijzondere+bijstand
schulden: *schuld debts debt$ deurwaarder incasso geldzorgen geldproblemen rekeningen+niet bailiff budgetbeheer schuldsaner money+problems beslag arrears betalingsachterstand huurachterstand
wmo: wmo begeleiding dagbesteding eigen+bijdrage+wmo keukentafelgesprek regiotaxi beschermd+wonen day+care+elderly taxipas persoonsgebonden pgb support+at+home doelgroepenvervoer cak
huishoudelijk: huishoud* *poetshulp schoonmaak* schoonma cleaning cleaner domestic+help household hulp+in+de+huish poetsen thuishulp
hulpmiddel: rolstoel *scootmobiel traplift woningaanpassing wheelchair mobility+scooter stairlift drempel douche badkamer+aanpass grab+rail home+adapt rollator tillift stoeltjeslift
jeugd: jeugd* opvoed parenting youth jongere puber kind+begeleiding gezin *wijkteam+kind pgb+kind pleeg cjg jeugdarts adhd autis raising gedragsproblem
mantelzorg: *mantelzorg carer caregiver informal+care respijt zorgen+voor+mijn caring+for
leerlingenvervoer: leerlingenvervoer* leerlingvervoer schooltaxi schoolbus school+taxi school+bus school+transport taxibus busje speciaal+onderwijs vervoer+naar+school taxi+school pupil+transport
leerplicht: leerplicht* verzuim spijbel vrij+van+school luxeverzuim buiten+de+schoolvakantie truan school+holiday term+time thuisonderwijs compulsory+education vakantie+onder+school schoolverlof kwalificatieplicht absence+from+school
belastingen: gemeentebelasting* gemeentelijke+belasting ozb *aanslagbiljet onroerende rioolheffing rioolbelasting municipal+tax property+tax council+tax sewer+tax local+tax belastingaanslag aanslag toeristenbelasting
woz: woz* taxatie* valuation huiswaarde waarde+van+mijn+huis property+value taxateur
kwijtschelding: kwijtscheld* *kwijtschel waive remission exempt+from+tax vrijstelling+belasting
afvalstoffenheffing: afvalstoffen* reinigingsheffing waste+tax refuse+tax waste+charge lediging* ledigen diftar waste+levy rubbish+tax
hond: hond* *hond dog puppy
bouwen: *omgevings* bouw* *bouwen verbouw dakkapel schuur schutting uitbouw aanbouw serre inrit oprit carport zonnepanelen dormer extension shed fence building+permit planning+permission driveway aanbouw welstand bestemmingsplan sloop sloopmelding monument balkon airco warmtepomp tiny+house veranda overkapping kozijn splitsen
boom_kappen: kap* *kapverg *boom *bomen tree chop cut+down snoei wortel prune takken beuk eik linde
object_op_straat: steiger scaffold verhuislift puinbak puincontainer bouwcontainer bouwplaats skip$ bouwkeet kraan+op+straat object container+op+straat moving+lift parkeerplaats+vrijhouden precario afzetten hoogwerker
urgentie: *urgent* voorrang priority medische+urgentie urgency
sociale_huur: huurwoning* sociale+huur social+housing woningnet wachtlijst+woning inschrijfduur woonruimte housing+list renting+house huurhuis huisvesting woningzoek inschrijftijd rental+home passend+toewijzen
openbare_ruimte: straatlantaarn lantaarn* straatverlicht streetlight street+light losse+tegel *stoeptegel stoep* pavement riool* sewer pothole zwerfafval zwerfvuil litter speeltuin playground gat+in+de+weg kapotte onkruid graffiti put$ putten verstopt verkeersbord traffic+sign bankje bench illegale+stort dumped dumping gladheid strooien paaltje verkeerslicht traffic+light fietspad sloot gras+maaien maaien dode+kat dead+animal prullenbak hondenpoep
ongedierte: *ongedierte *ratten$ rat$ rats rattenplaag muizen mice wesp* wasp hornet hoornaar eikenprocessie rups* caterpillar kakkerlak cockroach mieren ants bedwants pest vermin bijen duiven pigeons muis
overlast: *overlast *herrie lawaai geluid* noise noisy nuisance buren hangjongeren harde+muziek feestje party stank stank* smell drugs+overlast burenruzie mediation buurtbemiddeling blaft barking horeca houtrook vuurwerk fireworks
evenement: *evenement event straatfeest buurtfeest buurtbarbecue bbq street+party block+party festival optocht markt$ braderie koningsdag rommelmarkt demonstratie marathon
gevonden: gevonden found lost verloren kwijt+geraakt fiets+weg weggehaalde+fiets fietsdepot lost+property lost+and+found sleutels keys portemonnee wallet fiets+weggehaald verwijderd verloren+voorwerp knuffel jas+verloren
openingstijd: *openingst open+zaterdag opening+hours hoe+laat+open gemeentehuis stadhuis stadskantoor town+hall city+hall closing+time geopend gesloten dicht+op open+on koopavond closed lunch feestdag
afspraak: *afspraak appointment afspr* balie+afspraak book+a verzetten reschedul afspraakcode walk+in
contact: telefoonnummer phone+number e+mail mailen mailadres whatsapp contact* bereikbaar bellen terugbel call+back customer+service get+in+touch doorverbind contactformulier gebaren tolk+
klacht: *klacht klagen complaint complain onbeschoft rude bejegen behandeld+door ombudsman unfriendly onvriendelijk discrimin ombudsm respectloos
bezwaar: *bezwaar objection appeal bezwaarschrift beroep hoorzitting oneens disagree object+to pro+forma bezwaarcommissie
status: zaaknummer status* hoe+staat+het mijn+aanvraag my+application case+number progress ingediend behandeling+genomen nog+niets+gehoord nog+niks+gehoord haven't+heard still+waiting referentienummer
digid: digid* inlog* mijn+gemeente log+in login account wachtwoord password formulier+werkt website app$ eherkenning foutmelding error+message uploaden browser online+form
schade: *schade damage aansprakelijk liable liability claim letsel compensation gevallen+over gestruikeld tripped kuil+in
kosten: kost* prijs price *tarief *tarieven hoe+veel betaal+ik how+much leges fee$ fees gratis free+of+charge bedrag euro duur+ cheaper goedkoper korting
betalen: betal* pay$ payment pin$ pinnen incasso termijnen instalment rekening acceptgiro ideal contant cash afschrijv invoice factuur terugbetaald refund gestort uitbetaald direct+debit card+payment
lang_duren: hoe+lang hoelang how+long termijn* binnen+hoeveel binnen+hoe weken dagen when+will wanneer+krijg deadline levertijd within uiterlijk spoed* urgent+ hoe+snel op+tijd by+when how+many+days how+many+weeks wachttijd doorlooptijd
meenemen: meenemen bewijsstuk* documenten documents papieren paperwork bring *pasfoto photo bewijs+van welke+gegevens nodig+heb need+to+bring bijlage what+do+i+need which+papers kopie copy aanleveren meesturen
waar: waar+ where welk+loket welke+balie what+time hoe+laat adres+van which+desk op+welke+dag welke+dag locatie what+day
mogen: mag$ mogen kan+ik moet+ik ben+ik+verplicht allowed can+i may+i do+i+have recht+op entitled eligible verplicht voorwaarde* requirement heb+ik+een am+i kom+ik+in+aanmerking toegestaan verboden do+i+need permitted qualify must+i telt geldt
geldig: geldig* verlopen verloopt expired expire valid houdbaar still+valid tot+wanneer vervalt vervallen
hoe_ver: hoe+ver hoe+staat al+bekend any+news is+er+al has+my status$ bevestiging+ontvangen confirmation nog+steeds+niet still+not binnen+gekomen aangekomen received behandeld+wordt already+been
wijzigen: wijzig* veranderen verander change+my annuleer annuleren cancel opzeggen afmelden stopzetten stoppen doorgeven verzet* afzeggen verplaats* extend verlengen overzetten update+my intrekken withdraw
kwijt: kwijt* gestolen stolen lost$ kapot* broken stuk$ beschadigd damaged niet+ontvangen not+received verloren diefstal vermist defect gejat missing
oneens: oneens onterecht unfair unjust klopt+niet bezwaar* disagree fight+it aanvechten appeal object+to protest in+beroep niet+eens contest challenge dispute
mis: werkt+niet doet+het+niet niet+gekomen vergeten+op foutmelding overgeslagen doesn't does+not+work not+working probleem storing missed+ skipped already+again alweer weer+niet nobody niemand reageert fout$ last+van wrong overlast*
uitleg: wat+is wat+zijn wat+houdt wat+betekent verschil what+is what+are difference meaning betekent explain uitleg what+does+it
hoe_regel: hoe+vraag hoe+kan hoe+moet hoe+meld hoe+regel hoe+geef hoe+maak aanvragen aanvraag apply how+do+i how+can+i ik+wil aanmelden inschrijven register$ how+to formulier online+regelen graag+wil indienen melden
iemand_anders: voor+mijn+moeder voor+mijn+vader machtig* namens on+behalf voor+een+ander someone+else
o_belastingdienst: belastingdienst inkomstenbelasting zorgtoeslag huurtoeslag kinderopvangtoeslag toeslag+ toeslagen income+tax tax+return aangifte+inkomsten btw* erfbelasting loonbelasting motorrijtuigen* wegenbelasting kindgebonden hypotheekrente* 30%+ruling m+form tax+office schenkbelasting blauwe+envelop voorlopige+aanslag lijfrente vat+
o_cjib: cjib verkeersboete* flits* geflitst snelheid* speeding traffic+fine rood+licht red+light snelweg achter+het+stuur autogordel seat+belt door+rood te+hard+rijden onverzekerd+rijden trajectcontrole
o_rdw: rdw tenaamstelling* kentekenkaart kentekenbewijs apk$ apk* schorsen oldtimer overschrijven+auto auto+op+naam auto+op+mijn+naam importeren kentekencard kentekenplaat trekhaak trekker tweedehands+auto mot$ car+registration vehicle+registration brommer+kenteken vrijwaring* sloopauto+
o_uwv: uwv ww$ ww+uitkering wia* wajong ziektewet ontslag* ontslagen werkmap sollicitaties+door unemployment sickness+benefit werkvergunning work+permit tewerkstelling* zwangerschapsverlof zwangerschapsuitkering loongarantie arbeidsdeskundige verzekeringsarts failliet laid+off maternity+leave werkloos*
o_svb: svb aow* kinderbijslag* anw* aio* child+benefit state+pension pensioen* nabestaandenuitkering pension sociale+verzekeringsbank pgb+portaal
o_duo: duo$ studiefinanciering studieschuld studielening student+finance student+loan studentenreisproduct basisbeurs aanvullende+beurs collegegeld* diploma* staatsexamen stufi studenten*ov college+fee tuition degree
o_ind: ind$ verblijfsvergunning* verblijfsdocument* residence+permit visum* visa mvv asiel* asylum gezinshereniging immigration+service kennismigrant zoekjaar nareis azc naturalisatie+ind residence+card familiehereniging verblijfsstatus sponsor+my inreisvisum
o_politie: politie aangifte+doen police proces+verbaal oplichting scammed gehackt hacked phishing wapenvergunning stalk* zakkenroller gerold diefstal+aangifte aangifte+van getuige+van camerabeelden vernieling inbraak fraude+aangifte fiets+gestolen bike+was+stolen crime blackmail
o_waterschap: waterschap* hoogheemraad* zuiveringsheffing watersysteem* muskusrat dijk$ dijken gemaal polder* blauwalg water+board vervuilingseenheid* waterschapsbelasting watergang* baggeren stuw boezem grondwaterstand watervergunning
o_zorgverzekering: zorgverzekering* zorgverzeker* health+insurance eigen+risico zorgpremie basisverzekering aanvullende+verzekering polis vergoed+bril ehic declareren declaratie hoortoestel zorgpas tandartsverzekering cak+wanbetaler fysiotherap* deductible
o_zorg: huisarts* dokter* ziekenhuis* apotheek* doctor$ gp$ hospital pharmacy recept$ herhaalrecept prescription polikliniek verwijsbrief bloedonderzoek tandarts+ mri* vaccin* koorts oorpijn patient* medisch+dossier teek uitstrijkje specialist dentist vaccination
o_energie: energie*contract stroomstoring* energieleverancier meterstand* slimme+meter glasvezel* internet+ wifi ziggo kpn vattenfall eneco vodafone simkaart* mobile+data energierekening terugleverkosten stroom+ termijnbedrag zonder+stroom electricity+contract power+outage broadband puk* televisie* gasaansluiting waterleiding vitens
o_woningcorporatie: woningcorporatie* woningbouw* verhuurder* landlord huismeester* cv+ketel* lekkage lekt schimmel* huurverhoging* huur+opzeg* huurcontract reparatieverzoek* servicekosten* intercom lift+in medehuurder* housing+association onderverhuren sublet laminaat boiler verwarming+kapot huurcommissie*
o_post: postnl post+nl pakket* pakje parcel dhl bezorger* postzegel* brievenbus+geleegd track+and+trace invoerrechten aangetekend* post+doorsturen verhuisservice courier bezorgd delivery+ package
o_ov: trein* tram$ metro$ ns$ ov+chip* ovchip* openbaar+vervoer train+ bus+doorgereden buslijn* conducteur uitchecken inchecken treinkaartje dal+voordeel reisassistentie bushalte+ lijn+14 dienstregeling check+out checkin vertraging
o_bank: bank$ bankrekening* bank+account pinpas* hypotheek* mortgage tikkie* spaarrente bankapp overgemaakt+naar atm$ bankpas creditcard bank+of
o_werkgever: werkgever* loonstrook* salaris* baas$ boss employer payslip overuren transitievergoeding uitzendbureau* vakantiedagen arbeidscontract wages proeftijd
o_juridisch: advocaat* notaris* testament* rechtbank* rechter* scheiding+aanvragen echtscheiding alimentatie* dagvaarding* bewindvoerder+aanvragen lawyer court$ divorce erfenis* griffie* ouderschapsplan omgangsregeling curatele juridisch+loket legal+advice kantonrechter settlement+agreement will$ notary
o_weer: weer+morgen het+weer weather regen$ regenen sneeuw onweren graden temperatuur* buienradar windkracht forecast umbrella zonnetje weersverwachting snow
o_sport: ajax feyenoord psv voetbal* eredivisie oranje+speelt wedstrijd* tour+de formule+1 max+verstappen match+score football olympisch* toernooi* stand+eredivisie wk$ ek$
o_koken: recept+ recepten koken+ bakken taart* soep* pannenkoek* stroopwafel* ei+koken boerenkool* recipe cook+ appeltaart gehakt bolussen pasta$ avondeten
o_weetje: hoofdstad* capital+of wie+heeft+de uitgevonden schilder* formule+voor hoe+oud+kan vertaal* translate gedicht* poem synoniem* provincies+heeft wereldoorlog tachtigjarige inwoners+heeft hoe+schrijf sollicitatiebrief rekensom keer+ procent+van afstand+tussen afstand+aarde watersnood* betekent+woord werkstuk hoeveel+poten wie+was
o_winkel: ikea albert+heijn supermarkt* bol+com webshop* garantie* sneakers kapper* hairdresser restaurant* tafel+reserveren netflix* bioscoop* bios$ hotel* vlucht* flight vakantie+boeken sportschool* abonnement+opzeggen bestelling* bestelde loodgieter* plumber schilderbedrijf marktplaats tweedehands zoekmachine* kleding wasmachine+repar reserveren+voor
p_robot: robot* *bot$ *bots$ chatbot* computer* machine* mens$ human algoritme* ai$ chatgpt
p_groet: hallo hoi hey hi$ hello goedemorgen goedemiddag goedenavond goeiemorgen goede+dag good+morning good+afternoon good+evening moi$ joehoe yo$ goedendag dag$
p_dank: bedankt dank* thanks thank+you thx merci tnx cheers
p_doei: doei* tot+ziens bye* tot+later tot+de+volgende goodbye see+you fijne+dag fijne+avond fijn+weekend prettige+dag laters mazzel* houdoe groetjes
p_schelden: stom$ stomme dom$ idioot* kut* klote* klootz* sukkel* waardeloos useless stupid nutteloos debiel* prutsding flikker rot+op flut* zakkenvull* schaam+je pathetic worst
p_lof: geweldig* goed+gedaan super* topper* knap$ slim$ brilliant* complimenten handig* lief$ bravo well+done awesome amazing geholpen+top
p_wie: wie+ben wat+kun+je hoe+heet je+naam your+name who+are+you what+can+you met+wie aan+het+woord hoe+oud+ben
p_hoe_gaat: hoe+gaat how+are+you how+s+it hoe+is+het alles+goed how+is+it+going
p_grap: grap* mop$ mopje joke$ raadsel* zingen zing+ lachen haha* knock+knock trouwen+met+mij wil+je+met+me
p_test: test$ testje* tset testing proef+ proefbericht werkt+dit ping$ werkt+het+nu check+check
"""


def _pattern(beginning: str) -> str:
    anywhere, ends = beginning.startswith("*"), beginning.endswith("$")
    words = [re.escape(word).replace(r"\*", r"\w*") for word in beginning.lstrip("*").rstrip("$").split("+")]
    start = "" if anywhere else r"\b"
    return start + r"\ ".join(words) + (r"\b" if ends or beginning.endswith("+") else "")


def _ways() -> Iterator[Tuple[str, int, Pattern[str]]]:
    """For each way of writing a concept: letters that must be there, the number of the concept, the pattern."""
    for number, line in enumerate(_LINES):
        for way in line.split(":", 1)[1].split():
            # "+" is a space and "*" any letters: what stands between these must be there as it is
            letters = max(way.rstrip("$+").replace("+", " ").split("*"), key=len)
            yield letters, number, re.compile(_pattern(way))


_LINES = CONCEPTS.strip().splitlines()
_names = [line.split(":", 1)[0].strip() for line in _LINES]
Ways = Dict[str, List[Tuple[str, int, Pattern[str]]]]  # by their first letters; "" for those that can't be found by these
_in_words: Ways = defaultdict(list)  # they look at one word, whatever stands around it
_in_phrases: Ways = defaultdict(list)  # the first letters begin a word
for _way in _ways():
    _letters, _, _regex = _way
    _start = _letters[:START] if len(_letters) >= START else ""
    if r"\ " not in _regex.pattern:
        _in_words[_start].append(_way)
    else:
        _in_phrases[_start if _regex.pattern.startswith(r"\b" + re.escape(_start)) else ""].append(_way)


def _found(ways: Ways, starts: Set[str], text: str) -> Iterator[int]:
    """By a plain search for all letters first: a pattern takes ten times as long, and mostly says no."""
    near = chain(ways[""], *(ways[start] for start in starts & ways.keys()))
    return (number for letters, number, pattern in near if letters in text and pattern.search(text))


@remembered
def _in_word(word: str) -> FrozenSet[int]:
    return frozenset(_found(_in_words, {word[at : at + START] for at in range(len(word) - START + 1)}, word))


def concepts_in(normalised: str) -> List[str]:
    """The names of all concepts in a normalised text, in the order of the list. What a word says is remembered."""
    words = normalised.split()
    numbers = set().union(*map(_in_word, words))
    begins = accumulate((len(word) + 1 for word in words), initial=0)
    numbers.update(_found(_in_phrases, {normalised[at : at + START] for at in begins}, normalised))
    return [_names[number] for number in sorted(numbers)]

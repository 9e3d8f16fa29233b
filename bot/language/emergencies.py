"""Words of danger, in Dutch and English. A missed emergency is the worst mistake this bot can make.

A pattern is a row: kind, what must be there, and what shows that nothing is happening now ("brandweerkazerne",
"een overlijden aangeven"). The patterns see normalised text and stand beside the classifier: either one is enough.
"""

import re
from typing import List, NamedTuple, Pattern

from bot.language.normalise import normalise, readable

KINDS = (
    "brand",
    "gas",
    "medisch",
    "zelfmoord",
    "geweld_thuis",
    "kind_in_gevaar",
    "inbraak_nu",
    "gevaar_op_straat",
    "dakloos_vannacht",
)

# something that was, may be, or is only talked about: counts for every kind
LONG_AGO = (
    r"\b(?:vorige? (?:week|maand|jaar)|vorig jaar|(?:weken|maanden|jaren|jaar) geleden|last (?:week|month|year)|"
    r"(?:weeks|months|years) ago|vroeger|verzekering|insurance|proces verbaal|paspoort|rijbewijs|id kaart|"
    r"identiteitskaart|vergunning|permit|openingstijden|opening hours|kazerne|evenement|schadevergoeding|aansprakelijk)\b"
)
DANGER_NOW = r"\b(?:nu|net|help|snel|spoed|direct|meteen|vannacht|vanavond|now|hurry|tonight|dringend|op dit moment)\b"

_NOW = (
    r"(?:nu|net|zojuist|vannacht|vanavond|vandaag|tonight|now|today|this (?:evening|night)|deze nacht|nacht|night|hedennacht|direct|spoed)"
)
_PEOPLE = (
    r"(?:man|vrouw|mevrouw|meneer|moeder|vader|kind|baby|zoon|dochter|oma|opa|buurman|buurvrouw|iemand|hij|zij|ze|partner|"
    r"zus|broer|vriend|vriendin|echtgenoot|echtgenote|peuter|kleuter|ex|someone|somebody|he|she|they|mother|father|mum|mom|dad|"
    r"husband|wife|son|daughter|boyfriend|girlfriend|neighbou?r|boy|girl|friend|collega|meisje|jongen)"
)

# kind, pattern, unless: rows are tried in order, the first that fits names the kind
ROWS = [
    (
        "zelfmoord",
        r"\b(?:zelfmoord|suicide|suicidaal|suicidal|zelfdoding|zelf ?moort)\b",
        r"\b(?:nabestaande|overlijden(?:s\w*)?|aangifte|begraf\w*|begrav\w*|crem\w*|uitvaart|preventie|vorig|geleden|gepleegd|akte|verklaring)\b",
    ),
    (
        "zelfmoord",
        r"\b(?:ik )?wil(?:de)? (?:gewoon |echt |liever )?(?:dood|sterven|doodgaan)\b|\bdood willen\b|\bwil (?:ik )?(?:niet|nit) (?:meer|langer|verder) (?:lev?en|leevn|leve|bestaan)\b",
        r"\bdood (?:hout|dier|blad|gewicht|boom)\b",
    ),
    (
        "zelfmoord",
        r"\b(?:niet|nit|niks) (?:meer|langer) (?:te )?(?:willen )?(?:leven|leevn|leve|wakker (?:te )?worden|zijn|verder)\b.{0,20}$|\bwil(?:n?iet| niet|de niet|t niet| nit)? ?(?:meer |langer )(?:leven|leevn|leve|verder)\b|\bniet meer (?:wil |wilt )?(?:zijn|verder leven)\b.*\b(?:opgesloten|zegt|wil)\b",
        r"\bin (?:nederland|de stad|het dorp|deze gemeente|holland)\b|\bwakker worden (?:van|door)\b|niet wakker worden",
    ),
    (
        "zelfmoord",
        r"\b(?:een )?(?:eind|einde) (?:er )?(?:aan )?(?:te |wil(?:len)? )?(?:maken )?(?:aan |van )?(?:mijn |het |zijn |haar |dit )?leven\b|\b(?:eind|einde) (?:eraan|er aan|aan) (?:te )?(?:maken|maak)\b|\ber een (?:eind|einde) aan (?:te )?(?:mak\w+|wil)",
        r"\bhuwelijk|contract|samenwon\w+|relatie|overlast|uitkering\b.*\bwanneer\b",
    ),
    (
        "zelfmoord",
        r"\b(?:stop\w*|klaar|moe|genoeg) (?:\w+ ){0,2}(?:met|van|of) (?:het |dit |te )?leven\b|\bmezelf (?:iets|wat) (?:aan ?doe\w*|aan te doen)\b|\bmezelf van kant\b|\bmezelf (?:snij\w*|pijn)\b|\b(?:spring|gooi) (?:ik )?(?:er ?voor|voor de trein|van het dak|voor een trein)\b|\buit het leven stap\w*\b|\bafscheids ?brief\b|\bniemand (?:zou|zal|gaat) me (?:missen|mis)\b|\ber niet meer (?:ben|wil zijn|te zijn)\b|\bgeen (?:enkele )?reden (?:meer )?om (?:door te gaan|te leven|verder te)\b|\bhoeft? van mij niet meer\b|\blaatste druppel\b.*\b(?:leven|niet meer)\b|\bik (?:maak|maakte) (?:me|mij|mezelf) (?:dood|van kant)\b|\bafscheid (?:wil )?nemen\b.*\b(?:neemt niet|niet meer op|bereikbaar)\b|\balles (?:netjes )?klaar ?gelegd\b|\bwiln?niet meer\b|\bn(?:ie|i)t meer wil zijn\b|\bpillen (?:geslikt|ingenomen|slikken)\b|\boverdosis\b|\bik zie het niet meer zitten\b",
        r"\bals ik er niet meer ben (?:mijn|wie|wat)\b.*\b(?:graf|huis|hond)\b|\ben (?:van|wil graag)\b.*\bnatuurlijk\b",
    ),
    (
        "zelfmoord",
        r"\b(?:kill|hang|shoot|hurt|harm|cut) (?:my|him|her|them)sel(?:f|ves)\b|\bend (?:my|it|his|her) (?:own )?(?:life|all)\b|\bend it all\b|\b(?:want to|wants to|wanna|going to) (?:die|be dead)\b|\bwish i (?:was|were) dead\b|\bdo not want to (?:live|be alive|wake up|be here) ?(?:anymore|any more|any longer)?\b|\bno reason to (?:live|go on)\b|\bbetter off (?:dead|without me)\b|\boverdose\b|\btake my own life\b|\bcan not (?:go on|do this anymore|take it anymore)\b",
        r"\b(?:form|queue|website|waiting list)\b",
    ),
    (
        "gas",
        r"\bgas ?(?:lek\w*|lucht|geur)\b|\bgaslek|\b(?:ruik\w*|ruikt|stink\w*|geur|lucht|smell\w*) (?:\w+ ){0,5}(?:gas|gaz)\b|\bgas (?:\w+ ){0,3}(?:ruik\w*|geur|stank|smell\w*|leak\w*)\b|\bgas ?leak\b|\brotte eieren\b|\brotten eggs\b|\bgas ?(?:leiding|buis|kraan|pipe|main)\w* (?:\w+ ){0,3}(?:geraakt|lek\w*|kapot|gesprongen|stuk|sis\w*|hit|broken|dicht|open|stroomt)\b",
        r"\b(?:gas ?prijs\w*|aardgas ?vrij|van het gas|meter ?stand\w*|put|riool|sewer|gft|kliko|container|bbq)\b",
    ),
    (
        "gas",
        r"\b(?:koolmonoxide|koolmonoxyde|kolendamp|carbon monoxide|co (?:melder|alarm|vergiftiging|detector))\b|\bkoolmonoxide\w*",
        r"\b(?:verplicht|kopen|subsidie|aanschaf\w*|vergoed\w*|required|buy|hoeveel|ophang\w*|plaatsen|controle)\b",
    ),
    ("gas", r"\b(?:raakten|geraakt|hit)\b.*\b(?:gele buis|gas\w*|yellow pipe)\b", None),
    ("gas", r"\b(?:geiser|cv ketel|kachel|boiler)\b.*\b(?:draaierig|duizelig|misselijk|flauw|dizzy|nauseous|suf)\b", None),
    (
        "brand",
        r"\b(?:in brand|brand in|in de fik|in lichterlaaie|in de hens|vlammen|vlam in de pan|on fire|in flames|flames|er is ?brand|isbrand|is er brand|brand uitgebroken|staat in brnad|brandt het|huis brandt|balkon brandt|grote brand|brand bij|brandend\w*|woningbrand|keukenbrand|schoorsteenbrand|(?:the )?fire (?:in|at|next|brigade now)|there(?:s| is) a fire|a fire|catching fire|house fire)\b|^brand\b.{0,25}[!]|^(?:help )?brand$|^fire\b",
        r"\b(?:na (?:de|een) (?:\w+ )?brand|after (?:the|a) (?:\w+ )?fire|afgebrand|was er brand|brandde|regels|mag (?:ik|je|men|het)|may i|am i allowed|kan ik|vuurkorf|vuurwerk|fireworks?|barbecue|bbq|kampvuur|campfire|paasvuur|stoken|brandveilig\w*|fire (?:safety|door|alarm|escape|pit|extinguisher|permit)|lamp\w*|lantaarn\w*|straatverlichting|licht|lichten|verlichting|street ?lights?)\b",
    ),
    (
        "brand",
        r"\b(?:rook|smoke|rookwolk\w*)\b.*\b(?:flat|dak|roof|huis|house|trappenhuis|stairwell|buren|hiernaast|raam|window|kelder|zolder|spoed|zwart\w*|black|veel|woning|appartement|apartment|building|school)\b|\b(?:zwarte|dikke|veel|black|thick) (?:rook|smoke)\b|\brookmelder (?:\w+ ){0,2}(?:gaat|piept|af)\b|\boranje licht achter het raam\b",
        r"\b(?:open haard|houtkachel|kachel|stook\w*|stoken|barbecue|bbq|vuurkorf|sigaret\w*|smoking|rookt|roken|pellet\w*|schoorsteen|overlast|nuisance|wood ?burner|wood ?stove|last van|batterij|verplicht|elke (?:dag|avond|winter)|every (?:day|evening))\b",
    ),
    (
        "brand",
        r"\b(?:vuur in (?:mijn|het|de) (?:huis|keuken|kamer|woning|schuur|flat)|frituurpan|vuur slaat|slaat (?:\w+ ){0,2}over op|brandde (?:hij|het|die) van binnen|brandt (?:het )?(?:nu|hier|van binnen)|accu (?:\w+ ){0,4}(?:brand\w*|brnad|rook\w*|vlam\w*)|brandlucht|explosie|ontploff\w*|ontploft|explosion|exploded)\b",
        r"\b(?:vet|frituurvet|weggooien|wegbrengen|inleveren|afval|lamp|vergoeding|waar mag)\b|\bwaar (?:kan|moet) ik\b",
    ),
    (
        "medisch",
        r"\b(?:bewusteloos|bewustelo\w+|buiten bewustzijn|unconscious|reanim\w+|reageert? niet meer|reageert nergens op|ademt? (?:niet|nauwelijks|bijna niet)|niet meer ademen|geen (?:lucht|lugt|adem)(?: meer)?|not breathing|is ?n?t? not breathing|can not breathe|cannot breathe|is not breathing|stikt|stikken|verslikt|choking|hartaanval|hartinfarct|hart ?stilstand|heart attack|cardiac arrest|beroerte|herseninfarct|stroke|scheve mond|epilep\w+|stuip\w*|seizure|schuim (?:in|op|uit) (?:de |zijn |haar |zn )?mond|anaphyla\w+|wordt (?:helemaal )?blauw|wrdt blauw|turning (?:blue|grey|gray))\b",
        r"\b(?:cursus|course|opleiding|rijbewijs|verlengen|keuring|wmo|aed|sinds mijn|na (?:een|mijn|zijn|haar) (?:hartaanval|beroerte|hartinfarct|herseninfarct)|after (?:a|my|his|her) (?:stroke|heart attack)|parkeerkaart|parkeerplaats|taxi|vervoer|school|vergoed\w*|had een|gehad|blue badge|huis|stikken (?:we|van)|kind(?:eren)?bijslag|hulp in)\b",
    ),
    (
        "medisch",
        r"\bpijn (?:op|in) (?:de |zijn |haar |mijn |zn )?borst\b|\bborst ?pijn\b|\bchest pain\b|\blinker ?arm tintel\w*|\b(?:bloedt|bleeding|verliest) (?:\w+ ){0,4}(?:hevig|enorm|erg|heel|zwaar|veel|bloed|heavily|badly|lot)\b|\bveel bloed\b|\bzoveel bloed\b|\b(?:ambulance|ziekenwagen|ziekenauto)\b|\bin elkaar gezakt\b|\bcollapsed\b|\bpassed out\b|\bflauw ?gevallen\b|\b(?:niet|nit) wakker (?:te krijgen|worden|wordt)\b|\bkreunt\b|\bligt (?:\w+ ){0,4}(?:op de grond|op straat|onderaan de trap)\b.*\b(?:niet|bloed|been|hoofd|help)\b|\bgevallen en (?:\w+ ){0,6}(?:bloed\w*|niet (?:meer )?(?:opstaan|overeind|bewegen))\b|\bhij reageert niet\b|\bbeen ligt raar\b|\b(?:weeen|vliezen (?:zijn )?gebroken)\b|\bwater(?:s)? broke\b",
        r"\b(?:ambulance ?(?:kosten|dienst|post|vrijwilliger)|vacature|rijdt (?:steeds|vaak)|sirene\w*|donor|bloed ?donor|hond|kat|rekening|invoice|bill|collapsed (?:wall|fence|bridge|roof|shed)|vuilnis\w*|fiets|zwerfafval|boom|tak|tree)\b",
    ),
    (
        "medisch",
        r"\b(?:gedronken|ingeslikt|opgegeten|gegeten|swallowed|drank|ate)\b.*\b(?:afwasmiddel|bleek|chloor|batterij|knoopcel|medicijn\w*|pillen|rattengif|gif|wasmiddel|ontstopper|poison|bleach|detergent|battery|pills)\b|\b(?:afwasmiddel|bleek|chloor|batterij|knoopcel|medicijnen|pillen|rattengif|gif|wasmiddel|ontstopper)\b.*\b(?:gedronken|ingeslikt|opgegeten|gegeten|binnen gekregen|binnengekregen)\b|\bvergiftigd\b|\bpoisoned\b",
        r"\b(?:hond|kat|dog|cat)\b",
    ),
    (
        "geweld_thuis",
        r"\b(?:huiselijk geweld|mishandel\w+|domestic (?:violence|abuse)|wordt geslagen|word (?:thuis )?geslagen|geslagen door|bedreigd? (?:mij|me|ons|haar)|bedreigt (?:me|mij|ons|haar)|bedriegt me met een mes|threaten\w* (?:to kill|me|us|her)|verkracht\w*|aangerand|raped?|assault\w*|gestoken|neergestoken|stabbed|gewurgd|strangl\w*|eerwraak|gijzel\w*)\b",
        r"\b(?:dier\w*|hond\w*|kat|nest|wesp\w*|bij|bijen|urgenc\w+|voorrang|priority|recht op|stemmen|knipt|geknipt|animal|dog|ambtenaar|medewerker|erkenning|vog|cursus|training|beleid|jaren geleden|vroeger|als kind)\b",
    ),
    (
        "geweld_thuis",
        r"\b(?:slaat|slaan|sla|geslagen|slaatme|schopt|geschopt|wurgt|stompt|mept|hits|hit|beats|beating|beaten|kicks|punches|punched) (?:\w+ ){0,2}(?:me|mij|mijn|haar|hem|ons|kind\w*|her|him|us|my)\b|\b(?:me|mij|haar|hem|ons) (?:\w+ ){0,2}(?:slaat|slaan|geslagen|geschopt|geduwd|gewurgd|mishandelt)\b|\bslaatme\b|\bbij (?:mijn|mn|de|haar) keel\b|\bwat aan ?doet\b|\baan te doen\b|\bmet een mes\b|\bwith a knife\b|\bvastgehouden door\b|\bmag het huis niet uit\b|\bopgesloten\b.*\b(?:hij|man|ex|slaat|boos|gedronken|partner)\b|\bhij slaat op de deur\b|\bmijn lip ligt open\b|\b(?:vannacht|vanavond|net|weer) begon het opnieuw\b|\bhoor (?:ik )?(?:haar|hem|de buurvrouw|een vrouw|een kind) (?:gillen|schreeuwen|krijsen|huilen om hulp)\b|\bstoel naar het hoofd\b|\b(?:bang|afraid|scared|doodsbang) (?:\w+ ){0,3}(?:voor|of|in) (?:\w+ ){0,2}(?:mijn |my )?(?:man|vrouw|vriend|ex|zoon|vader|partner|huis|husband|boyfriend|wife|home)\b|\b(?:vader|man|ex|vriend|broer|partner) (?:\w+ ){0,2}(?:slaan|slaat|schopt|bedreigt|bedreigd) (?:me|mij|ons|mijn)\b|\b(?:man|vriend|ex|partner|zoon|husband|boyfriend) slaan mij\b|\bkicked my (?:door|me)\b|\bafraid of my (?:husband|partner|boyfriend|ex|son|father)\b",
        r"\b(?:regen|voorrang|boom|takken|wind|deur slaat|alarm slaat|stoppen slaan|hond|dog|spijkers|paal|palen|heipaal|heien)\b",
    ),
    (
        "kind_in_gevaar",
        r"\b(?:kinder ?mishandeling|child abuse|kind ?ontvoer\w*|ontvoerd|ontvoering|kidnap\w*|abduct\w*|vermist\w*|missing (?:child|kid|boy|girl|son|daughter|person))\b|\b(?:kind|kinderen|peuter|kleuter|baby|jongetje|meisje|buurmeisje|buurjongetje|child|toddler|kids|children|dochter|zoontje|zoon|neefje|nichtje|dochtr|boy|girl)\b.*\b(?:alleen (?:thuis|thius|langs|op (?:het |een )?(?:balkon|straat)|in de (?:kinderwagen|auto))|opgesloten|niet thuis ?gek\w+|hete auto|over de reling|in het water|op het ijs|onder zijn bed|met een riem|geslagen|slaat|mishandeld|brandwonden|om hulp roepen|home alone|locked in|beaten|wordt bedreigd|weggelopen|kwijt ?geraakt|ran away|not come home|in danger|in gevaar)\b|\b(?:naar (?:het )?(?:buitenland|ander land)|abroad)\b.*\b(?:zonder (?:ik|mijn|toestemming)|nooit meer zie)\b|\bkids? niet teruggebracht\b|\bdurft? (?:vandaag )?niet naar huis\b|\bouders zijn (?:stom)?dronken\b|\bkind (?:\w+ ){0,2}(?:krijsen|gillen)\b|\bbrandwonden\b|\bkinderen op het ijs\b",
        r"\b(?:hond|kat|dier|dog|cat|knuffel|pas (?:van|kwijt|is)|tas|fiets|speelgoed|bsn|oppas|opvang regelen|leerplicht|leerlingenvervoer|school ?vervoer|taxi|paspoort|document\w*|melding doen over vermiste pas|vermiste? (?:pas|paspoort|rijbewijs|id|document\w*|brief|kaart|kat|hond|fiets|container|kliko|auto|pakket)|begeleiding)\b",
    ),
    (
        "inbraak_nu",
        r"\b(?:inbreker|inbreeker|insluiper|burglar|intruder)\w*\b|\b(?:aan het|het|t|nu|net) (?:\w+ )?inbreken\b|\bbreaking in(?:to)?\b|\bbreekt (?:\w+ ){0,4}(?:in|raam|deur)\b|\b(?:glas breken|breekijzer|overval\w*|robbery|armed)\b|\biemand (?:\w+ ){0,4}(?:binnen|in mijn huis|in mn huis|beneden|in mijn (?:schuur|tuin|kelder)|in mn schuur|door het raam)\b|\bklimt (?:\w+ ){0,3}door het raam\b|\b(?:someone|somebody|man|stranger) (?:\w+ ){0,3}(?:in my (?:house|home|garden|flat)|downstairs)\b|\bkick my (?:front )?door\b|\bonbekend\w* (?:persoon|man|vrouw|iemand) in (?:mijn|onze|het|de) (?:huis|woning)\b|\bforceren\b.*\b(?:voor|achter)?deur\b|\bforceren (?:\w+ ){0,4}\w*deur\b|\bdeur open (?:te )?breken\b|\bvoetstappen in de gang\b|\bdeur (?:in ?getrapt|ingtrapt|in ?trapt)\b|\bsjouwen\b.*\bnaar buiten\b",
        r"\b(?:briefadres|post van|was ingebroken|is ingebroken|ingebroken|na (?:de|een) inbraak|preventie|wethouder|gisteren|gister|yesterday|ingeschreven|staat ingeschreven|meten|registered|monteur|meteropnemer|hulp (?:bij|in)|bij de balie|binnen (?:de |een )?(?:gemeente|week|weken|dag\w*|maand\w*)|binnen hoe\w*|mag|may|can i)\b",
    ),
    (
        "gevaar_op_straat",
        r"\b(?:hoogspannings\w+|elektriciteits ?(?:kabel|draad)|draad over de (?:straat|weg|stoep)|losse (?:stroom ?)?(?:draad|kabel|draden)|vonk(?:t|en|end)|spettert|live wire|power ?line|handgranaat|granaat|grenade|projectiel|explosief|explosieven|bom|bomb|wapen|vuurwapen|pistool|gun|wordt geschoten|schieten|schietpartij|shots?|shooting|spookrijder|machete)\b",
        r"\b(?:aanvragen|vergunning|verlof|wapenvergunning|schietvereniging|zondag|gisteren|yesterday|onder de stoep|laad\w*|charging|booms|boomgroep|vuurwerk|illegaal|klic|graven|bommetje|boom)\b",
    ),
    (
        "gevaar_op_straat",
        r"\b(?:putdeksel|manhole)\b.*\b(?:ontbreekt|weg|open|gevallen|mist|missing)\b|\b(?:ingestort|instorten|instort|stort in|ingezakt|about to collapse|collapsing|collapse|omkiepen|omvallen|elk moment (?:om|vallen|naar beneden|omlaag|omkiepen))\b|\b(?:in (?:de gracht|het kanaal|the canal|the river|de sloot|het water)|verdrink\w*|drown\w*)\b.*\b(?:man|vrouw|kind|iemand|persoon|uit|help|out|fietser|auto|person|someone|child)\b|\b(?:man|vrouw|kind|iemand|auto|persoon|fietser|someone|person|child) (?:\w+ ){0,3}(?:in (?:de gracht|het kanaal|the canal|the river|de sloot|het water)|verdrinkt|drowning)\b|\bmes te zwaaien\b|\b(?:gooien|gooit|throwing|throw) (?:\w+ ){0,4}(?:viaduct|stenen|rocks|stones)\b|\b(?:groot|diep|enorm|big|huge|deep) gat\b.*\b(?:gevaarlijk|vallen|weg|nu|straat|road|dangerous)\b|\bsinkhole\b|\b(?:spoor van olie|olie ?spoor|oil spill)\b|\b(?:pitbull|vechthond|hond) (?:\w+ ){0,6}(?:gebeten|bijt|valt aan|los op)\b.*\b(?:kind|school\w*|nu|plein|iemand|bloed\w*)\b|\bgevel ?plaat\b|\b(?:boom|tak|tree|lantaarnpaal|steiger|muur) (?:\w+ ){0,6}(?:elk moment|op (?:een|de|mijn) (?:auto|huis|weg|dak|persoon)|over de weg|er onder|eronder)\b|\b(?:zit|zitten|ligt|liggen) (?:\w+ ){0,3}(?:iemand|mensen|auto) (?:\w+ ){0,2}onder\b|\b(?:zwaar|ernstig|serious|bad) (?:ongeluk|ongeval|accident|crash)\b|\baanrijding\b.*\b(?:nu|net|gewond\w*|ligt)\b",
        r"\b(?:kappen|kap ik|kapt|omgewaaid?|omgewaait|stoep|rollator|mag (?:ik|een|de|k)|met spoed want|legge?n? |iedere dag|vergunning|permit|parkeren|park|belasting|verzekering|schade|claim\w*|maaier|vies|vuil|afval|stinkt|varen|boot|zwemmen|aansprakelijk|verhalen|claim|damaged? my)\b",
    ),
    (
        "dakloos_vannacht",
        r"\b(?:dakloos|dakloze\w*|homeless|geen (?:huis|dak|onderdak|bed|slaap ?plek|slaap ?plaats|plek om te slapen)|no ?(?:place|where) to (?:sleep|stay|go)|nowhere to (?:sleep|stay|go)|slaap ?plek|slapen buiten|buiten (?:slapen|slaap)|sleeping (?:rough|outside|in my car)|sleep outside|op straat (?:gezet|slapen|slaap)|uit (?:mijn |het )?huis gezet|eruit gezet|er uit gezet|uitgezet|evicted|ontruim\w+|nacht ?opvang|daklozen ?opvang|nood ?opvang|shelter|spullen op de stoep gezet|waar (?:kan|moet) ik (?:\w+ )?(?:slapen|slaapn|liggen|de nacht))\b|\bniet weet? waar slapen\b|\bslaap al \w+ nachten\b",
        r"\b(?:brief ?adres|postal address|adres|vloer|gordijnen|uitkering|urgentie\w*|voorrang|uitgeschreven|inschrij\w*|woonark|asiel\w*|zwerfkat|huurwoning|woning ?net|dieren)\b",
    ),
    (
        "dakloos_vannacht",
        r"\b(?:slaap|slapen|sleep|sleeping) (?:\w+ ){0,4}(?:in (?:mijn|mn|de|een|my|the) (?:auto|car)|op (?:een|het) (?:bankje|station)|in het park|op straat|on the street|outside|buiten)\b|\b(?:ik|we|wij) (?:sta|staan|ben|zijn) (?:\w+ ){0,3}(?:op straat|op straad|dakloos|buiten)\b.*\b(?:slaap\w*|kind\w*|kids|dochter|zoon|baby|vannacht|nacht|vanavond|nergens)\b|\bsloten vervangen\b.*\bbuiten\b|\b(?:vannacht|vannnacht|vanavond|tonight) (?:\w+ ){0,5}(?:slapen|slaapn|liggen|heen|blijven|terecht|sleep|stay|plek|bed|onderdak)\b|\b(?:slapen|slaapn|slaapplek|onderdak|opvang|bed|liggen) (?:\w+ ){0,4}(?:vannacht|vannnacht|vanavond|nu|tonight|hedennacht)\b|\bzit op (?:het|t) station\b",
        r"\b(?:camper|voorrang|urgentie\w*|kamperen|camping|tent|vakantie|blaft|lawaai|muziek|geluid|noise|herrie|overlast|hond|feest|party|parkeren|hotel|buren|neighbou?rs)\b",
    ),
]
# for someone without a roof only this night counts: a letter address or a waiting list is an ordinary question
NEEDS_NOW = {"dakloos_vannacht"}
_now = re.compile(
    rf"\b{_NOW}\b|\bop straa[td]\b|\bnet\b|\bkoud\b|\bvriez\w*|\bbuiten\b|\bhelp\b|\bopvang\b|\bwaar slapen\b|\bsince\b|\bnergens\b|\bwaar (?:kan|moet) ik\b"
)


# The networks know no other language than Dutch and English. These say danger in the languages that most newcomers speak, and
# nothing in our own two.
ABROAD = {
    "brand": r"\b(?:brennt|es brennt|feuer in|il y a le feu|au feu|incendie|incendio|se quema|pali si[eę]|po[zż]ar|yang[iı]n|yan[iı]yor|incêndio|"
    r"foc în)\b|пожежа|горить|пожар|горит|حريق|النار",
    "zelfmoord": r"\b(?:selbstmord|umbringen|suicider|suicidarme|matarme|samob[oó]j\w+|zabi[cć] si[eę]|intihar\w*)\b|самогубств|самоубийств|"
    r"покончить с собой|انتحار",
    "geweld_thuis": r"\b(?:schl[aä]gt mich|il me frappe|me pega|me golpea|bije mnie|beni d[oö]v[uü]yor)\b|б'є мене|бьет меня|бьёт меня|يضربني",
    "medisch": r"\b(?:notarzt|krankenwagen|bewusstlos|au secours|socorro|nieprzytomn\w*|pomocy|imdat)\b|допоможіть|рятуйте|помогите|спасите|النجدة",
}
_abroad = {kind: re.compile(words) for kind, words in ABROAD.items()}


class Row(NamedTuple):
    kind: str
    words: Pattern
    unless: List[Pattern]


def _row(kind: str, words: str, unless: str) -> Row:
    return Row(kind, re.compile(words), [re.compile(unless)] if unless else [])


_rows = [_row(*row) for row in ROWS]
_long_ago, _danger_now = re.compile(LONG_AGO), re.compile(DANGER_NOW)


def emergency(text: str) -> str:
    """The kind of emergency (one of KINDS) that the words name, or ""."""
    said = normalise(text)
    if _long_ago.search(said) and not _danger_now.search(said):
        return ""
    for row in _rows:
        if not row.words.search(said) or any(pattern.search(said) for pattern in row.unless):
            continue
        if row.kind in NEEDS_NOW and not _now.search(said):
            continue
        return row.kind
    return ""


def emergency_abroad(text: str) -> str:
    """The kind of emergency that a text in another language than Dutch or English names, or ""."""
    said = readable(text).lower()
    return next((kind for kind, words in _abroad.items() if words.search(said)), "")

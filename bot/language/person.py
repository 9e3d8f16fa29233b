"""Words that ask for a person. Beside the classifier, because this must work at every turn and in any wording.

Kinds: colleague (somebody in particular), no_robot, person, phone (wants to speak, not type).
"""

import re

from bot.language.normalise import normalise

_SOMEBODY = (
    r"(?:mens|mensen|persoon|iemand|ieman|iemnd|ieamnd|itmeand|medewerk\w*|medwerk\w*|mederwerk\w*|ambtenaar|collega|colega|baliemedewerk\w*|"
    r"mevrouw|meneer|man of vrouw|chef|manager|leidinggevende|teamleider|baas|consulent\w*|klantmanager|contactpersoon|behandelaar|"
    r"casemanager|receptie|telefoniste|specialist|deskundige|human|person|someone|somebody|agent|operator|representative|"
    r"employee|colleague|supervisor|staff|people|real one|adviser|advisor|official|case manager)"
)
_SPEAK = r"(?:spreken|spreek|sprek\w*|sprken|prate?n?|praat|bellen|chatten|overleggen|bespreken|contact|talk|speak|chat|verbind\w*|doorverbind\w*|help\w*|hulp)"

ROWS = [
    (
        "no_robot",
        r"\b(?:geen|no|niet met|zonder|niet tegen|stop\w* met|rot op met|liever niet) (?:\w+ ){0,2}(?:chat ?bots?|bots?|robots?|robto|robotto|computers?|machines?|algoritme|ai|automaat)\b",
    ),
    (
        "no_robot",
        r"\b(?:bots?|chat ?bots?|robots?|computers?|machines?|ding|automaat)\b.*\b(?:omzeil\w*|uitzetten|uitschakel\w*|schakel\w*|opt out|skip|bypass|iets anders dan|haal er|liever een|ik wil een mens|een mens|a human|real person|echt iemand|echte? mens|medewerker)\b",
    ),
    (
        "no_robot",
        r"\b(?:opt out|bypass|skip) (?:\w+ ){0,3}(?:chat ?bot|bot|robot)\b|\biets anders dan (?:de |een )?chat ?bot\b|\bik praat niet tegen (?:een )?(?:machine|computer|robot|bot)s?\b|\bophoude?n? met die (?:robot|robto|bot)\b",
    ),
    (
        "phone",
        r"\b(?:bel|bell?en|belt|gebeld|gebled|terug ?bell?en|terug ?gebeld|opbellen|opgebeld)\b.*\b(?:mij|me|ons|mich|mijn)\b|\b(?:mij|me|ons|gebeld|terug ?gebeld) (?:\w+ ){0,5}(?:bell?en|bellne|terug ?bell?en|opbellen|worden|gebeld)\b|\bbel (?:me|mij|ons)\b|\bterug ?bel ?verzoek\b|\bcall me\b|\bcall (?:you )?back\b|\bwil (?:\w+ ){0,3}(?:gebeld|bellen)\b|\b(?:doorverbind\w*|door ?verbinden|put me through|verbind (?:me|mij|ons)? ?door|verbin?d\w* me (?:door|met))\b|\baan de (?:lijn|lyn|telefoon)\b.*\b(?:mens|medewerker|iemand|krijg\w*)\b|\b(?:iemand|medewerker|mens) (?:\w+ ){0,3}aan de (?:lijn|lyn|telefoon)\b|\b(?:over|by|on) the (?:phone|telephone)\b.*\b(?:someone|somebody|people|person|rather)\b|\brather\b.*\b(?:over|by|on) the (?:phone|telephone)\b",
    ),
    (
        "colleague",
        r"\b(?:je|jouw|jullie|uw|een|mijn|mn|your|another|andere?|same|dezelfde) (?:\w+ ){0,2}(?:collega\w*|colega|colleagues?|leidinggevende|chef|manager|teamleider|supervisor|baas|consulent\w*|klantmanager|contactpersoon|behandelaar|case manager|ambtenaar)\b.*\b(?:spreken|spreek|sprken|praten|graag|overnem\w*|erbij|even|vrij|please|talk|speak|weet|transfer|hebben|haar|hem|bij mij)\b|\b(?:roep|haal|geef|transfer|speak to|talk to|zet)\b.*\b(?:chef|manager|collega|leidinggevende|teamleider|supervisor|baas|iemand anders)\b|\b(?:teamleider|leidinggevende|consulent|klantmanager|contactpersoon|collega|chef|baas|manager) (?:\w+ ){0,3}(?:spreken|graag|praten|doorverbinden)\b",
    ),
    (
        "person",
        rf"\b(?:wil|wens|zou|kan|mag|kunnen|kunt|moet|graag|liever|verzoek|want|would|like|need|can|could|let|may|wish|rather|geef|give|laat|doe|get|have|haal|roep|zet|stuur|connect|transfer|verbind|put)\b (?:\w+ ){{0,8}}?{_SOMEBODY} (?:\w+ ){{0,6}}?{_SPEAK}\b",
    ),
    (
        "person",
        rf"\b(?:wil|wens|zou|kan|mag|graag|liever|want|would|like|need|can|could|let|may|wish) (?:\w+ ){{0,6}}?{_SPEAK} (?:\w+ ){{0,3}}?(?:met|to|with|tegen|een|a) (?:\w+ ){{0,3}}?(?:mens|persoon|iemand|medewerk\w*|human|person|someone|somebody|agent|employee|representative|echte? \w+|real \w+|live \w+|ambtenaar|staff|behandelaar)\b",
    ),
    (
        "person",
        r"\b(?:echte?|ehct|gewone?|levende?|levend|live|real|actual|human|menselijke?) (?:een )?(?:mens|persoon|iemand|medewerk\w*|mederwerk\w*|human|person|agent|member of staff|employee|operator|man|vrouw|antwoord|bijstand|behandelaar|being|contact)\b.*",
    ),
    (
        "person",
        r"\b(?:wil|mag|graag|geef|roep|alstublieft|nu|doe) (?:\w+ ){0,3}(?:een|n|eem|ene) (?:\w+ ){0,2}mens\b|\bwant (?:\w+ ){0,2}human\b|\bnu een mens\b|\bik wil (?:graag )?(?:een )?(?:mens|persoon)\b|\b(?:een )?persoon alstublieft\b|\balstublieft een persoon\b|\bmens (?:mens|aub|graag|alstublieft|spreken)\b|\bmens (?:tot|to) mens\b|\bvan vlees en bloed\b.*\b(?:geholpen|medewerker|spreken)\b|\biemand (?:\w+ ){0,2}(?:erbij|met hersens|met bevoegdheden|anders van jullie)\b|\b(?:haal|roep|zet) er (?:\w+ )?(?:iemand|een mens|een ambtenaar|een medewerker)\b|\bpersoonlijk te spreken\b|\bgeef (?:me|mij) iemand\b|\bgraag spreek ik een\b|\btelefoongesprek\b|\bgraag collega\b|\bovergedragen? aan een ambtenaar\b|\bover te dragen aan een\b|\b(?:connect|transfer|put) me (?:to|with|through)\b",
    ),
]
# the whole message is only this
ALONE = re.compile(
    r"^(?:(?:een|n|graag|nu|please|alstublieft|geef|mij|me|ik|wil|doe|maar|a|echte?|real|ja|zei|now|stomme|automaat|no|bot|human|mens|spreken|live|kan)\W+)*"
    r"(?:mens|medewerker|medwerker|persoon|agent|operator|human|person|collega|receptie|employee|representative|callcenter|call center|customer service|klantenservice)"
    r"(?:\W+(?:graag|spreken|nu|please|alstublieft|mens|medewerker|human|now|ik|zei|ja|aan de lijn))*\W*$"
)
# asking about people or phones in general is an ordinary question
UNLESS = re.compile(
    r"\b(?:voor|namens|met) iemand anders\b|\bmachtig\w*|\bgemachtigde\b|\bmag iemand\b|\bkan iemand anders\b|\bmens(?:en)? met een (?:beperking|handicap|laag)\b|"
    r"\bper persoon\b|\been persoon die\b|\bben (?:je|jij|u)\b.*\b(?:mens|robot|persoon|echt)\b|\bben je een\b|\bare you\b|\b(?:112|alarmnummer|brandweer|politie|ambulance)\b|"
    r"\b(?:hoeveel|welke|aantal) (?:mensen|personen)\b|\b(?:melden|meldpunt|klacht over|complain\w* about)\b|\bper person\b|\bsupport person\b|"
    r"\b(?:wie|welk nummer|welke afdeling|waar|met wie|welk telefoonnummer) (?:moet|kan|mag|kunnen|moeten)? ?(?:ik |we |wij )?(?:\w+ )?bel\w*\b|\bwelk nummer\b|"
    r"\bmag mijn \w+\b|\bkan mijn \w+\b|\bik bel (?:over|me|om)\b|\bals ik bel\b|\bgebeld (?:en|over|voor)\b|\bik (?:heb|had) (?:\w+ ){0,4}(?:gebeld|terugbelverzoek)\b|"
    r"\b(?:geen|no) computer\b(?! (?:graag|meer|alstublieft))|\bbelt? nooit terug\b|\bbelt mij er\b|\bbelde\b.*\bnamens\b|\bcancel\b|\bhoeft niet meer\b|\bhoe ?veel dagen\b|"
    r"\bverplicht\b.*\btelefoonnummer\b|\bwelke gegevens\b|\blukt me niet\b.*\bchatten\b|\bbij telefoon\b"
)
_rows = [(kind, re.compile(pattern)) for kind, pattern in ROWS]


def asks_for_person(text: str) -> str:
    """The kind of request for a person, or ""."""
    said = normalise(text)
    if ALONE.match(said):
        return "person"
    if UNLESS.search(said):
        return ""
    return next((kind for kind, pattern in _rows if pattern.search(said)), "")

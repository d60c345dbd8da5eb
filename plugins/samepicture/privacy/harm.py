"""Flags texts that speak of harm, abuse, neglect, or a wish to die or to hurt somebody, for a human to look at.

Words and phrases, as expressions over a column. A flag too many costs somebody a minute; one too few may cost a life:
so no negation takes a flag away ('I am not suicidal' is flagged). Only sayings that are about nothing of the kind do
('dying for a cup of tea'). Measured on an invented corpus: tests/corpus/harm.jsonl, docs/redaction.md.
"""

from __future__ import annotations

import polars as pl

HARM_VERSION = "harm-1"

_SAYINGS = (
    r"dying (?:for|to (?:know|see|go|get|find)) |died (?:laughing|of (?:boredom|embarrassment|shame))|(?:bored|scared|frightened|tickled|frozen|froze|worried|sick|starved|thrilled|loved|missed) "
    r"(?:half )?to death|(?:laugh|laughed|laughing) (?:till|until) i died|dead (?:good|kind|nice|friendly|helpful|busy|quick|slow|easy|lovely|chuffed|pleased|clever|late|end|ends|line|lines|wood|on time|"
    r"certain|sure|funny|patient|battery|phone|straight|simple|tired|heat|slow|boring)|(?:phone|battery|line|phones|lines|went|computer|screen|tv|telly|fob|signal) (?:was |were |is |just |had |has )?(?:gone )?(?:dead|died)|"
    r"kill(?:ed|ing|s)? (?:time|the time|an hour|two birds|two hours|the mood|the pain|for a (?:tea|coffee|brew|cuppa|pint))|(?:feet|back|legs|knees|shoes|parking|prices?|heat|stairs|queue|wait|waiting|boredom|suspense) (?:was |were |is |are |nearly |almost )*kill(?:ed|ing|s)?(?: me)?|"
    r"could (?:have )?kill(?:ed)? for|dressed to kill|murder(?:ous)? (?:queue|parking|traffic|on (?:my|the) (?:feet|back|knees))|get(?:ting|s)? away with murder|scream(?:ed|ing)? blue murder|over my dead body|"
    r"to die for|die hard|never say die|dead\s?line|dead weight|(?:heart|panic|asthma) attack|shoot(?:ing)? pains?|shot in the arm|beat(?:s|ing)? around|"
    r"(?:no|any|do|does|did|without|won't|wouldn't|can't|couldn't) harm (?:in|to (?:ask|try))|harmless|charm|pharm|harmon|neglected to (?:mention|say|tell|add|ask|note)|self.?abuse of power|abuse of (?:the )?(?:parking|system|blue badge)"
)
"""What only sounds like it; taken out before anything is sought."""

CODES: dict[str, str] = {
    "wish_to_die": (
        r"suicid|kill(?:ing)? (?:my|him|her|them|your)\s?sel|end(?:ing)? (?:it all|my (?:own )?life|his (?:own )?life|her (?:own )?life|their (?:own )?lives?|things|everything)\b|tak(?:e|ing) (?:my|his|her|their) (?:own )?life|took (?:my|his|her|their) own li|"
        r"(?:want|wants|wanted|wanting|wish|wished|wishes|hope|hoping|rather|better|ready|going|trying|tried|wanna|prefer|like|pray(?:ed)?|plan(?:ned|ning)?) (?:to |i )?(?:just )?(?:be |was |were )?(?:die|dead)\b|"
        r"(?:better off|be better|wish(?:ed)? (?:i|he|she) (?:was|were|is)|rather be|as well be) (?:dead|without me|not here|if i (?:was|were)n'?t)|not want(?:ing)? to (?:live|be here|wake up|be alive|go on|carry on)|"
        r"(?:don'?t|didn'?t|doesn'?t|do not|did not|does not|dont|didnt|doesnt|never) (?:want|wish|wanna) (?:to )?(?:live|be here|wake up|be alive|go on|carry on|exist)|no (?:reason|point|will) (?:to|in) (?:liv|go on|going on|carry|be(?:ing)? (?:here|alive))|"
        r"can(?:no|')?t (?:go on|carry on|do this any ?more|take (?:it|this) any ?more|live like this|cope any ?more|face another)|cant (?:go on|carry on|do this any ?more|take (?:it|this) any ?more|live like this|cope any ?more)|"
        r"(?:not|nothing) (?:worth living|to live for|left to live)|life (?:is|was|isn'?t|wasn'?t|not) (?:not )?worth|jump(?:ed|ing)? (?:off|from|in front|under)|hang(?:ed|ing)? (?:my|him|her|them)\s?sel|noose|ligature|overdos|\bo\.?d\.?'?(?:ed|ing)?\b on|"
        r"(?:give|giving|given|gave) up on (?:life|living)|goodbye (?:letter|note|cruel)|final (?:note|goodbye)|\bkms\b|\bunalive|end of my tether|fade away|not be (?:here|around) (?:for )?(?:much longer|tomorrow|any ?more|by)|won'?t be here (?:by|much|tomorrow|any)|"
        r"wouldn'?t be here|would not be here|(?:see|is|was|what's|whats) the (?:point|use)(?: of| in)? (?:any ?more|being|of living|to life|of life)|can'?t see (?:the|a|any) (?:point|way out|future)|(?:found|sat|standing|stood|went) (?:by|on|at|near|off) (?:the |a )?(?:train|railway|track|bridge|river|canal|roof|motorway|cliff|ledge|multi)|(?:driv|steer|walk|step|crash)\w* (?:\w+ )?(?:into|in front of) (?:a |the )?(?:wall|tree|traffic|lorry|road|train|sea|river)|wish i (?:had ?n'?t|had not) (?:been born|woken)|never (?:been born|woken? up|wake up)|disappear for ever|disappear forever|sleep and (?:not|never) wake"
    ),
    "self_harm": (
        r"self[\s-]?harm|(?:harm|hurt|cut|cutt|cutting|burn|starv|injur|scratch|punch|bit|hit)(?:ed|ing|s|e)? (?:my|him|her|them|your)\s?sel|slit(?:ting)? (?:my|his|her|their)? ?wrist|cut(?:ting)? (?:my|his|her|their) (?:arms?|wrists?|legs?|thighs?)|"
        r"(?:swallowed|took|taken|taking|stockpil\w+|saving up|hoarding) (?:all |too many |a load of |loads of |lots of |the whole |a handful of |my )?(?:the |his |her |my )?(?:pills|tablets|batteries|bleach|paracetamol)|razor|head ?bang"
    ),
    "harm_to_others": (
        r"(?:kill|stab|shoot|strangle|murder|hurt|harm|attack|punch|smother|poison|hit|batter|smash|bomb|burn)(?:ing)? (?:him|her|them|you|someone|somebody|anyone|people|everyone|my (?:wife|husband|partner|mum|mother|dad|father|baby|child|children|kids|son|daughter|neighbour|ex)|the (?:nurse|doctor|staff|baby|receptionist|place)|that (?:nurse|doctor|man|woman|receptionist)|one of (?:them|you))\b|"
        r"(?:going to|gonna|will|i'll|ill|want to|wanna|could|threaten\w*(?: to)?) (?:kill|stab|shoot|strangle|murder|hurt|harm|attack|punch|smother|burn|bomb|blow|smash|batter|torch)|(?:with|had|has|got|carry\w*|pulled|brought) an? (?:big |kitchen )?(?:knife|gun|machete|weapon|bomb)|"
        r"(?:he|she|they|i|it)(?:'ll|'d| would| might) (?:kill|stab|shoot|strangle|hurt|harm|attack|batter)|pillow (?:over|on) (?:his|her|their|my)|death threat|threaten(?:ed|s|ing)? (?:me|him|her|us|them|to|staff|my|with)|burn (?:it|the place|this place|that place) down|make (?:him|her|them|you|someone) pay|watch your back|you(?:'ll| will) (?:regret|be sorry)|hear(?:s|ing)? voices? tell|voices (?:tell|told|say|said)"
    ),
    "abuse": (
        r"\babus|assault|rape[ds]?\b|raping|rapist|molest|grop(?:ed|ing)|touch(?:ed|ing|es)? (?:me|him|her|them|my (?:breasts?|bottom|bum|privates?|leg|thigh)) (?:inappropriately|up|where|in (?:a|my)|down|between|without|sexual|intimately)|inappropriate(?:ly)? touch|sexual|indecent|exposed himself|"
        r"(?:hit|hits|hitting|slap\w*|punch\w*|kick\w*|push\w*|shov\w*|pinch\w*|bit|bites|drag\w*|thr[eo]w\w*|shook|shak\w+|grabb\w*|restrain\w*|chok\w*|strangl\w*|beat|beats|beaten|beating|smack\w*|manhandl\w*|pinned|spat at|scald\w*|burn\w*|tied|strapped|locked) (?:me|him|her|them|my \w+|the (?:patient|resident|lady|man|woman|old|poor|child|baby)|a (?:patient|resident|child|lady|man|woman)|us|mum|dad|nan|gran\w*|grandad|residents?|patients?|people)\b|"
        r"(?:was|were|been|being|got|get|gets|getting) (?:hit|slapped|punched|kicked|pushed|shoved|pinched|bitten|dragged|thrown|shaken|grabbed|restrained|choked|strangled|beaten|smacked|manhandled|handled roughly|roughly handled|pinned|spat at|scalded|tied|locked|bullied|groomed|exploited|held down|forced)|"
        r"rough(?:ly)? handl|handl\w+ (?:\w+ )?(?:so |very |too )?rough|unexplained (?:bruis|injur|mark)|bruis(?:e|es|ed|ing) (?:on|all|in the shape|from|where|that|she|he|nobody|no ?one|i|we|like)|finger ?marks|hand ?prints?|black eyes?|domestic (?:violence|abuse)|violen(?:t|ce)|"
        r"bull(?:y|ied|ies|ying)|groom(?:ed|ing) (?:me|her|him|my|by|online|a)|coerc|controlling|fgm|forced marriage|traffick|modern slavery|honou?r (?:based|killing)|against (?:my|his|her|their) will|without (?:my|his|her|their) consent|"
        r"stole|steal(?:ing)? (?:from|her|his|my|money|the)|money (?:went|gone|has gone|is) missing|taking (?:her|his|my) (?:money|pension|savings)|scared of (?:him|her|them|the (?:staff|carer|nurse)|my (?:husband|partner|wife|dad|son|carer)|going back|a carer|one of)|frightened of (?:him|her|them|the|my|one|a)|(?:he|she|they) (?:hurts?|hits?) (?:me|her|him)|hurts? me|being hurt|hurt by|"
        r"(?:not|isn'?t) safe (?:at|with|in|there|here|to)|unsafe at home|(?:don'?t|didn'?t|doesn'?t|do not|did not|never) feel safe|felt unsafe|feel(?:s)? unsafe|makes? (?:me|him|her|us) do (?:things|stuff)|controls? (?:my|her|his) (?:phone|money|food|life|bank)|safeguarding|cruel|tortur|humiliat|degrad|racially|called (?:me|him|her) a (?:fat|stupid|dirty|lazy|black|paki|retard|slag)"
    ),
    "neglect": (
        r"neglect|(?:left|lying|laid|lay|sat|sitting|soaked|covered|stuck|abandoned|waited) (?:\w+ ){0,6}(?:in|on) (?:\w+ ){0,3}(?:urine|faeces|feces|poo|poop|wee|pee|piss|shit|vomit|sick|blood|mess|filth|wet (?:bed|pad|sheets?|nappy)|soiled|soil|own (?:mess|waste|dirt|filth))|soiled|wet (?:herself|himself|themsel|the bed|through)|"
        r"starv|malnourish|dehydrat|(?:no|without|not (?:given|had|offered)|nothing to|never (?:given|offered)|refused) (?:any |a )?(?:food|water|drink|drinks|fluids?|eat or drink|eat|meal|meals|medication for|pain relief|insulin|care)\b|(?:food|drink|water|buzzer|bell|call bell|jug|cup|tray) (?:\w+ ){0,3}out of (?:\w+ )?reach|"
        r"bed ?sores?|pressure (?:sore|ulcer|damage|wound)|ulcers?\b|maggot|(?:lost|losing) (?:\w+ ){0,3}(?:stone|kilos?|kg|weight)|not (?:been )?(?:washed|changed|turned|fed|bathed|moved|checked|cleaned)|unwashed|(?:never been |never )(?:washed|fed|turned|bathed)|hasn'?t (?:been )?(?:washed|fed|changed|eaten|had a (?:wash|drink|bath|meal))|"
        r"left (?:to die|for dead|alone|on (?:the|her|his) (?:own|floor)|on a (?:floor|commode|toilet|bedpan)|unattended|in (?:agony|pain|the dark|a corridor)|screaming|crying|begging)|ignor(?:ed|ing) (?:\w+ ){0,3}(?:screams?|cries|pleas?|buzzer|bell|pain|calls?)|on the floor (?:for|all)|screaming in (?:pain|agony)|begg(?:ed|ing) for|(?:nobody|no ?one) (?:came|fed|washed|changed|checked|helped|turned|moved|lifted)|left (?:my|our|him|her|them|dad|mum|nan|the) ?\w* (?:lying )?(?:on|in) (?:the|a|his|her) (?:floor|dark|bathroom|corridor|toilet)|always (?:alone|hungry)|(?:alone|left) and hungry|(?:mouth|lips|tongue) (?:\w+ ){0,4}(?:cracked|dry|bleeding)|"
        r"like an animal|treated like (?:dirt|rubbish|an animal|a dog)|living in squalor|squalor|uncared for|home alone|no heating|nothing to eat"
    ),
    "serious_harm": (
        r"(?:nearly|almost|could have|could of|would have|should have|about to) (?:died|die|killed|lost (?:my|his|her|their) (?:life|leg|sight|baby))|(?:near|close to|brink of|point of|fighting for) (?:death|dying|(?:his|her|my|their) life)|(?:he|she|they|mum|dad|mother|father|husband|wife|son|daughter|baby|nan|gran\w*|grandad|brother|sister|partner|patient|uncle|aunt\w*|friend|twin|who|and|then) (?:has |had |have |sadly |later |then |suddenly )*(?:died|die|dies|passed away|passed)\b|"
        r"(?:cause[ds]?|causing) (?:\w+ ){0,4}(?:death|harm|injur|damage|brain|stroke)|(?:kill|killed|kills) (?:my|him|her|me|our|the|mum|dad|a)\b|(?:wrong|incorrect|double|twice the|ten times|too much|overdose of|someone else'?s|another patient'?s) (?:dose|what|drug|drugs|medication|medicine|tablets?|leg|side|patient|blood|insulin|baby|eye|kidney|tooth)|wrong.site|never event|left inside|swab left|instrument left|"
        r"misdiagnos|missed (?:the |a |her |his |my )?(?:cancer|stroke|sepsis|heart attack|fracture|broken|tumou?r|bleed|infection|diagnosis)|sepsis|septic|stillb|still born|born (?:dead|sleeping)|lost (?:our|the|my|her|their) (?:baby|babies|twins?|son|daughter)|miscarr|brain (?:damage|injur)|paralys|permanent(?:ly)? (?:damage|injur|disab|harm|scar|blind|deaf)|life[- ]chang|amputat|haemorrhag|hemorrhag|bled (?:out|to|for|all)|bleeding (?:out|to)|cardiac arrest|resuscitat|collaps|unconscious|"
        r"fell (?:and|out|from|off|down|twice|again|over|three|four|on)|(?:had|another|several|many) falls?|broke (?:his|her|my|their) (?:hip|leg|arm|neck|wrist|back|ribs?|pelvis|skull|jaw)|broken (?:hip|neck|skull|pelvis)|fractur|chok(?:ed|ing) (?:on|to)|allergic reaction|anaphyla|\bharm(?:ed|ing|ful|s)?\b|injur|fatal|death|dead\b|mortuary|post.?mortem|inquest|coroner"
    ),
}
"""What a text may speak of, by the words that say so."""


def harm_codes(texts: list[pl.Series]) -> pl.Series:
    """Of each row, what its texts speak of: a JSON array of codes; NULL where of nothing of the kind."""
    together = pl.DataFrame({str(place): text for place, text in enumerate(texts)})
    if not texts:
        raise ValueError("nothing to look at")
    joined = together.select(pl.concat_str(pl.all(), separator=" \n ", ignore_nulls=True).alias("text"))
    plain = pl.col("text").str.to_lowercase().str.replace_all("’", "'", literal=True).str.replace_all(_SAYINGS, "·")
    flagged = joined.with_columns(plain.alias("text")).select(
        pl.concat_list(pl.when(pl.col("text").str.contains(pattern)).then(pl.lit(code)) for code, pattern in CODES.items())
        .list.drop_nulls()
        .alias("codes")
    )
    listed = pl.format('["{}"]', pl.col("codes").list.join('", "'))
    return flagged.select(pl.when(pl.col("codes").list.len() > 0).then(listed).alias("harm_codes")).to_series()

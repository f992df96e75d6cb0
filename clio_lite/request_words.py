"""Closed lists of words by which a request is found in a turn: verbs, words without a topic, abbreviations."""

# ruff: noqa: SIM905  (a list of words is easier to check as text than as strings)

from typing import Final

VERBS: Final = frozenset(
    """
    accept access achieve act adapt add adjust administer advise align allocate analyse analyze announce answer
    apologise apologize apply appraise archive argue arrange ask assemble assess assign assist assume attach
    attend attract audit author automate avoid bake balance benchmark bid bill book boost border brainstorm
    break breed brew bring brush budget build calculate calibrate call calm cancel caption capture care carry
    catalogue catch categorise categorize challenge change chart chase check choose cite claim clarify classify
    clean clear climb close coach code cold-call collaborate collect combine come comment compare compile
    complete comply compose compute condense conduct configure confirm congratulate connect consider consolidate
    construct contact contain continue contrast contribute control convert convince cook coordinate cope copy
    correct cost count cover craft create critique crop cross customise customize cut dance deal debug decide
    declare decline decode decorate decrease defend defer define delegate delete deliver demonstrate deny depict
    deploy derive describe design detect determine develop devise diagnose digest direct discipline discuss
    display dispute dissect distinguish distribute divide do document double double-check download draft draw
    dress drill drive dub echo edit educate elaborate eliminate email employ emulate encode encourage engage
    enhance enrich ensure enter equip establish estimate evacuate evaluate examine exchange execute exercise
    expand explain explore export expose express extend extract factor fasten feed fetch figure file fill filter
    find finish fire fit fix flag flatten flip focus fold follow forecast forge form format formulate frame fry
    fund gather gauge generate get ghostwrite give go grade graph greet group grow guess guide handle hang
    harden harvest heal heat help highlight hire host hunt hydrate identify illustrate imagine impersonate
    implement import improve include increase infer inform insert inspect inspire install instruct insulate
    insure integrate interpret interview introduce invent invest investigate invite invoice join jot judge
    justify keep knead knit label launch lay lead learn let lift link list liven load localise localize locate
    log look lower mail maintain make manage map mark match maximise maximize measure mediate memorise memorize
    mend mention merge migrate minimise minimize mix model modify monitor motivate mount move name narrate
    narrow navigate negotiate neutralize normalise normalize note nurse obtain offer open operate optimise
    optimize order organise organize outline overcome pack paint paraphrase parse paste patch pay perform
    periodize persuade phrase pick pitch place plan play plot point polish position post pour practice practise
    praise predict prepare present preserve pretend prevent price print prioritise prioritize process produce
    program promote pronounce proofread proportion propose protect prove provide prune publish punctuate push
    put query quiz quote raise rank rate reach react read rearrange reassure rebalance rebuild recalculate
    recall recap recite recommend reconcile record recover recreate recruit redesign redo reduce refactor refine
    reflect reformat reformulate register rehearse relate release relocate remember remind remove rename render
    renew reorganise reorganize repair repeat rephrase replace reply report request rescue research reset
    reshape resolve respect respond restore restructure retain retrieve return reuse reverse review revise
    rewire reword rewrite roast roleplay roll rule run sand save scan schedule score scrape screen scrub seal
    search secure segment select sell send set sew shape share sharpen ship shop shorten show shuffle sign
    simplify simulate sing size sketch skip slice smooth soften solve sort speak specify spell split spot stack
    stain standardise standardize start state step stop store strengthen stretch strip structure study style
    substitute subtract suggest sum summarise summarize supervise supply support survey survive switch
    synthesise synthesize tabulate tackle tailor take talk taste teach tell test text thank think throw tidy
    tighten trace track trade train transcribe transfer transform translate treat triage trim troubleshoot trust
    try tune turn tutor type typeset uncover understand underwrite undo unite unlock update upgrade upload use
    validate vary verify view visit visualise visualize walk wash watch weave weigh welcome weld widen win wire
    work wrap write yield
    """.split()
)
"""Verbs that may open a request."""

LIGHT: Final = frozenset(
    """
    able actual actually additional advance advice afternoon afterwards ago ahead aim allowed alone also
    altogether answer answers anybody anyhow anyway anywhere appreciated approach approx ask asked asking aspect
    aspects assignment assistance attached attempt attempts aware bad basically basics begin beginner beginning
    believe best better big bit bottom brief briefly brings bullet bullet-point bullets calls came can't cant
    care careful catch certain chance change changes chat check checked cheers clear clearly colleague
    colleagues come comes concise concrete confused consider context copy correct correctly could couldn't
    couple critical critically curious currently day days deal deeply definitely detail detailed details didn't
    difference different difficult discussion doesn't don't done dont doubt draft due earlier early easily easy
    end ended english error errors evening eventually everything exact exactly example examples exercise
    exercises expert explain explained explanation extra eyes fairly far fast favor favour feedback feel figure
    final finally fine finish finished fix follow following follows form formal format found friday friendly
    front full further gave generally give given gives giving glad goal good great guess guide hand handed
    happen happened happens happy hard hello help helped helpful helping helps hey hi hint hints hit home
    homework honest honestly hope hoping hour i'd i'll i'm i've idea ideas im important improve improvement
    improvements in-depth information input instruction instructions intro introduction isn't issue it's item
    items job judgement judgment keep keeps key kind kinda kindly knew know knowing known knows large later
    learn left length let's level likely line lines list listed little long longer look looked looking looks lot
    lots luck maintain make makes making manage managed matter matters max maximum may maybe mean means meant
    meeting mention min mind minimum minute minutes miss missed missing mistake mistakes moment monday month
    months morning move must myself name need needed needs new next nice nobody none noted number obvious
    obviously okay older once opinion option options order original outline overall own paragraph paragraphs
    part particular parts people perfect perfectly person pick piece place plain plan please pls plus plz point
    points possible possibly practical pretty previous principle principles probably problem problems progress
    project prompt proper properly provide provided purpose put question questions quick quickest quickly react
    read ready real reason reasons recently refer refine regarding related remember rephrase reply report
    reporting request required response rest result results review reword rewrite right rough roughly sample
    saturday save say says second section see seem seems self send sense sentence sentences separate seriously
    set setting settle shall share short shorter show shows sign similar simple simplest simply single situation
    small solution solutions solve something soon sorry sort sorts sound sounds specific specifically start
    started starting step step-by-step steps stick stuck stuff style suggest suggestion suggestions summarize
    summary sunday suppose supposed sure taken takes taking talk task tasks tell telling text thank thanks
    that's there's thing things think thinking thought thoughts thursday time times tip tips today together
    tomorrow tone tonight top topic totally touch tough towards translate tried trouble true trust try trying
    tuesday turn type u understand unsure up-to-date ur urgent urgently use used useful using usual usually
    variant version versions via wait waiting want wanted wants way ways weak wednesday week welcome well went
    what's whatever whats whichever will won won't wonder wondering word words work worked working works worry
    would write writing wrong wrote year years yes yesterday you'd
    """.split()
)
"""Words beside the function words that tell nothing of a topic: a sentence of these alone is no subject."""

LEADING: Final = LIGHT | frozenset(
    """
    achieve asks attempted battling boss challenge challenging client clients customer describe director editor
    expected expects find friend friends husband instructed interested keen kids lead manager managing method
    methodology methods owner parents planned planning prepare professor propose recommended reminded requires
    responsible somebody someone squad struggle struggled struggling student students succeed succeeded
    supervisor tackle teach teacher team technique told took understanding walk wife willing wish wishing
    """.split()
)
"""Words that may stand in front of the infinitive that holds the task ("my boss keeps telling me to ...")."""

CONDITIONS: Final = frozenset(
    """
    act add assume avoid be begin consider do don't dont ensure focus follow imagine include keep please pretend
    use
    """.split()
)
"""Verbs that more often state a condition of the result than the task ("use short sentences", "act as ...")."""

FINITE: Final = frozenset(
    """
    are can closes comes could did does ends goes had has have is keeps may might must needs runs said says
    should starts takes wants was were will would
    """.split()
)
"""Words that make a noun of a verb in front of them ("Support says ...")."""

ABBREVIATIONS: Final = frozenset(
    """
    abb al allg approx apr aug av avg bspw bzgl bzw ca cf dec dept dr dra eg engl etc evtl excl feb
    ggf gov ie inc incl inkl jan jr jul jun ltd mr mrs ms nr núm oct pex pp prof
    sep sept sr sra st str tel ua usw vgl vol vs zb zzgl
    """.split()
)
"""Words whose full stop does not end a sentence."""

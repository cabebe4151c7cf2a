"""Families of emoji: near copies of one drawing, which a split must keep on one side."""

import random
import re
from collections import Counter
from fnmatch import fnmatchcase

SHARES = {"train": 0.7, "validation": 0.1, "test": 0.2}
LARGE = 10  # a family of so many would be most of a small split, so it trains
PERSON = re.compile(r"^(man|woman|person|people)-")

# Family -> patterns of "category/name"; the first family with a pattern that fits has the emoji.
# One that fits none is a family of its own name, without man-, woman-, person- or people-.
PATTERNS = {
    "smiley": "smileys/*-face smileys/*face-* */exploding-head */star-struck */rolling-on-the-*",
    "square-sign": "*-button *-blood-type symbols/*-arrow *-arrow-curving-* */clockwise-*"
    " */keycap-* */input-* */aquarius */aries */cancer */capricorn */gemini */leo */libra"
    " */ophiuchus */pisces */sagittarius */scorpio */taurus */virgo */atom-symbol */khanda"
    " */latin-cross */menorah */om */orthodox-cross */peace-symbol */star-and-crescent"
    " */star-of-david"
    " */dotted-six-* */wheel-of-dharma */yin-yang */place-of-worship */atm-sign */baby-symbol"
    " */baggage-claim */customs */passport-control */left-luggage */mens-room */womens-room"
    " */restroom */water-closet */wheelchair-symbol */litter-in-bin-sign */potable-water"
    " */cinema */antenna-bars */vibration-mode */mobile-phone-off */information */wireless"
    " *male-sign */transgender-symbol symbols/eight-* */sparkle */check-box-* */medical-symbol"
    " */infinity */elevator */chart-increasing-with-yen",
    "square": "*-square",
    "circle": "*-circle */coin */dvd */optical-disk",
    "diamond": "*-diamond */diamond-suit",
    "triangle": "*/red-triangle*",
    "scene": "*/cityscape* */foggy */fog */sunset */sunrise* */milky-way */night-with-stars"
    " */bridge-at-night */fireworks */sparkler */shooting-star",
    "clock-face": "travel/*-oclock travel/*-thirty",
    "gesturing-person": "*-facepalming *-frowning *-pouting *-gesturing-* *-raising-hand"
    " *-shrugging *-tipping-hand *-deaf",
    "hand": "*-hand *-hands *-fist */palm*-together */handshake */*-fingers *-gesture"
    " */vulcan-salute */thumbs-* *index-pointing-* */middle-finger */sign-of-the-horns"
    " */hand-with-* */raised-back-of-hand",
    "heart": "*-heart */heart-* *-hearts */love-letter",
    "cat-face": "smileys/*-cat smileys/*-cat-* */cat-with-* */cat-face",
    "monkey-face": "*-no-evil-monkey */monkey-face",
    "moon": "*-moon *-moon-face",
    "flag": "flags/* */flag-in-hole */triangular-flag",
    "head": "*/man */woman */person */boy */girl */child *-bald *-beard *-hair */old-man"
    " */old-woman */older-person *-wearing-turban *-headscarf *-skullcap",
    "person-in-suit": "*office-worker *-in-tuxedo *pilot *judge people/*student",
    "person-in-lab-coat": "*scientist *health-worker",
    "walking-person": "*-walking *-standing *-running *-with-white-cane",
    "royalty": "*/person-with-crown */prince*",
    "pregnancy": "*/pregnant-*",
    "santa": "*-claus",
    "wheelchair-user": "people/*-wheelchair",
    "cyclist": "*-biking",
    "villain": "*-supervillain *-superhero",
    "horse": "*/horse */horse-racing */carousel-horse */zebra */donkey",
    "horse-face": "*/horse-face */unicorn",
    "ox": "*/ox */water-buffalo */cow */bison",
    "tiger": "*/tiger */leopard",
    "bear-face": "*/bear */polar-bear */panda */koala",
    "camel": "*camel",
    "sheep": "*/ewe */ram */goat",
    "dog": "*/dog */guide-dog */service-dog",
    "cat": "*/cat */black-cat",
    "whale": "*whale",
    "chick": "*chick",
    "bird": "*/bird */blackbird */goose",
    "mouse": "*/mouse */rat",
    "tree": "*/*-tree",
    "leaf": "*/maple-leaf */fallen-leaf",
    "clover": "*/shamrock */four-leaf-clover",
    "nest": "*nest */nest-with-eggs",
    "apple": "*-apple",
    "orb-fruit": "*/tangerine */peach */tomato",
    "beer": "*beer-mug*",
    "ice-cream": "*/ice-cream */soft-ice-cream",
    "bread": "*/bagel */doughnut",
    "bowl": "*/cooked-rice */shaved-ice */steaming-bowl */bowl-with-spoon */curry-rice",
    "fork-and-knife": "*/fork-and-knife*",
    "mailbox": "*mailbox*",
    "book": "*-book */books */notebook*",
    "banknote": "*-banknote",
    "medal": "*-medal",
    "card-suit": "*/club-suit */spade-suit",
    "tray": "*box-tray",
    "envelope": "*envelope* */e-mail",
    "calendar": "*calendar",
    "page": "*/page-* */bookmark-tabs */memo",
    "camera": "*/camera */camera-with-flash",
    "telephone": "*/telephone*",
    "mobile-phone": "objects/mobile-phone*",
    "speaker": "*/speaker-* */muted-speaker",
    "lock": "*/locked* */unlocked",
    "bell": "*/bell*-slash */bell",
    "battery": "*battery",
    "chart": "*/chart-*",
    "magnifier": "*/magnifying-*",
    "shoe": "*shoe",
    "sandal": "*-sandal*",
    "key": "*/key */old-key",
    "folder": "*-folder",
    "hammer": "*/hammer* */pick */axe",
    "pushpin": "*pushpin",
    "sword": "*/dagger */crossed-swords",
    "musical-note": "*/musical-note*",
    "drop": "*/drop* */sweat-droplets",
    "sun": "*/sun */sun-with-face",
    "cloud": "*/cloud* */sun-behind-*",
    "snowman": "*/snowman*",
    "umbrella": "*umbrella*",
    "mountain": "*mountain */mount-fuji */volcano",
    "globe": "*/globe-*",
    "hourglass": "*/hourglass-*",
    "airplane": "*airplane*",
    "car": "*automobile *police-car *taxi */sport-utility-vehicle */pickup-truck",
    "bus": "*bus */minibus",
    "truck": "*/fire-engine */ambulance */delivery-truck */articulated-lorry",
    "train": "*train */tram* */light-rail */metro */monorail */station */railway-car */mountain-r*",
    "cable-car": "*cableway */aerial-tramway */suspension-railway",
    "motorbike": "*/motor-scooter */motorcycle",
    "boat": "*/speedboat */motor-boat",
    "ship": "*/ferry */passenger-ship */ship",
    "traffic-light": "*-traffic-light",
    "house": "*/house* */derelict-house */hut",
    "office": "*/office-building */hotel */love-hotel */hospital */school */bank */department-store"
    " *post-office */convenience-store",
    "castle": "*castle",
    "wheelchair": "travel/*-wheelchair",
    "speech-bubble": "*bubble */speech-balloon */thought-balloon",
    "mark": "*exclamation* *question-mark",
    "arithmetic": "*/cross-mark */multiply */plus */minus */divide */heavy-equals-sign",
    "curly-loop": "*curly-loop",
    "prohibition": "*/no-* */prohibited */non-potable-water",
    "letter-sign": "*/copyright */registered */trade-mark */circled-m",
    "star": "*star",
    "ear": "*/ear */ear-with-hearing-aid",
    "eye": "*/eye */eyes",
    "foot": "*/foot */footprints",
    "silhouette": "*in-silhouette",
    "ball": "*/baseball */softball */basketball */volleyball */tennis */soccer-ball",
    "rackets": "*/badminton */lacrosse */field-hockey */ice-hockey */cricket-game",
    "football": "*football",
    "ticket": "*ticket*",
    "dolls": "*-dolls",
    "thread": "*/thread */yarn",
    "hat": "*/womans-hat */billed-cap */top-hat",
    "bottoms": "*/jeans */shorts */briefs",
    "swimwear": "*/bikini */one-piece-swimsuit",
    "skull": "*/skull*",
    "ogre": "*/ogre */goblin",
    "alien": "*/alien*",
    "film": "*/film-*",
    "pen": "*/pen */pencil */fountain-pen */crayon */paintbrush */black-nib",
    "glass": "*/glass-of-milk */cup-with-straw */tumbler-glass",
    "jar": "*/honey-pot */jar */funeral-urn */amphora",
    "rice-cracker": "*/rice-ball */rice-cracker",
    "eggs": "*/egg */onion */potato",
}


def family_of(name: str, category: str) -> str:
    """The family of an emoji by its name and category."""
    path = f"{category}/{name}"
    for family, patterns in PATTERNS.items():
        if any(fnmatchcase(path, pattern) for pattern in patterns.split()):
            return family
    return PERSON.sub("", name)


def split_of(families: list[str], seed: int) -> dict[str, str]:
    """Family -> its split: large ones train, the others go, shuffled, where most is lacking."""
    sizes = Counter(families)
    counts = dict.fromkeys(SHARES, 0)
    small = sorted(family for family, size in sizes.items() if size < LARGE)
    random.Random(seed).shuffle(small)
    found = {}
    for family in [*sorted(sizes.keys() - set(small)), *small]:
        lack = {split: share * len(families) - counts[split] for split, share in SHARES.items()}
        split = max(lack, key=lambda name: lack[name]) if sizes[family] < LARGE else "train"
        found[family] = split
        counts[split] += sizes[family]
    return found

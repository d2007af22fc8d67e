"""Names and titles that nobody has: put together from parts, by a chance that is given."""

from random import Random

__all__ = [
    "COUNTRIES",
    "FORMATS",
    "GENRES",
    "PLAYLISTS",
    "album",
    "artist",
    "city",
    "person",
    "track",
]

GENRES = (
    *("Ambient", "Barn dance", "Chamber pop", "Cool jazz", "Desert blues", "Dream pop", "Dub"),
    *("Field recordings", "Folk", "Funk", "Garage rock", "House", "New classical", "Post-rock"),
    *("Sea shanties", "Slow core", "Soul", "Swing", "Synthwave", "Tape music"),
)
FORMATS = ("FLAC", "Opus", "MP3", "AAC", "WAV")
COUNTRIES = (
    *("Argentina", "Australia", "Austria", "Brazil", "Canada", "Chile", "Denmark", "Finland"),
    *("France", "Germany", "Ghana", "Iceland", "India", "Ireland", "Italy", "Japan", "Kenya"),
    *("Mexico", "Netherlands", "Norway", "Peru", "Poland", "Portugal", "Senegal", "Spain"),
    *("Sweden", "Switzerland", "United Kingdom", "United States", "Vietnam"),
)
PLAYLISTS = (
    *("A long way home", "After the rain", "Bread and butter", "Breakfast for two", "Cellar dust"),
    *("Dancing on planks", "Deep work", "Front porch", "Half past midnight", "Hay loft"),
    *("Kitchen radio", "Last train", "Letters never sent", "On the ladder", "Quiet carriage"),
    *("Rafters", "Staff picks", "Sunday, slowly", "Swept floors", "Thunder on tin"),
)
FIRST = (
    *("Ada", "Amara", "Anouk", "Bela", "Bram", "Cleo", "Dario", "Edda", "Emil", "Fenna", "Gus"),
    *("Hana", "Ilse", "Ivo", "Jonna", "Juno", "Kaito", "Lena", "Linus", "Maeve", "Malik", "Mira"),
    *("Nadia", "Noor", "Odile", "Otto", "Petra", "Quentin", "Rosa", "Rune", "Sami", "Selma"),
    *("Tariq", "Tilda", "Uma", "Vito", "Wanda", "Xenia", "Yara", "Zeno"),
)
STARTS = ("Ald", "Bren", "Cor", "Dun", "Eld", "Fair", "Gold", "Hart", "Kest", "Lin", "Mar", "Nor")
ENDS = ("berg", "bury", "by", "croft", "er", "field", "holm", "ley", "man", "mere", "sen", "wick")
PLACES = ("bay", "bridge", "dale", "ford", "gate", "ham", "haven", "mouth", "stad", "ton")
ADJECTIVES = (
    *("Amber", "Blue", "Borrowed", "Broken", "Careful", "Distant", "Electric", "Empty", "First"),
    *("Gentle", "Golden", "Hollow", "Honest", "Late", "Little", "Lost", "Narrow", "Northern"),
    *("Paper", "Patient", "Quiet", "Restless", "Salt", "Second", "Silver", "Slow", "Small"),
    *("Sudden", "Tall", "Velvet", "Wild", "Winter", "Wooden", "Yellow"),
)
NOUNS = (
    *("Anchor", "Attic", "Barn", "Bell", "Bird", "Bridge", "Candle", "Chimney", "Clock", "Cloud"),
    *("Comet", "Corner", "Door", "Engine", "Fence", "Field", "Fire", "Heron", "Garden", "Harbour"),
    *("House", "Kite", "Ladder", "Lantern", "Letter", "Mirror", "Moon", "Mountain", "Orchard"),
    *("Pilot", "Radio", "Rafter", "River", "Road", "Roof", "Sailor", "Shadow", "Shore", "Signal"),
    *("Stone", "Storm", "Summer", "Thunder", "Tide", "Train", "Valley", "Window", "Otter"),
)
THINGS = ("Goodbye", "Hello", "Home", "Morning", "Nothing", "Silence", "Snow", "Tomorrow", "Water")


def person(chance: Random) -> str:
    """Return a first and a last name."""
    return f"{chance.choice(FIRST)} {chance.choice(STARTS)}{chance.choice(ENDS)}"


def city(chance: Random) -> str:
    """Return a town that is on no map."""
    return f"{chance.choice(STARTS)}{chance.choice(PLACES)}"


def artist(chance: Random) -> str:
    """Return somebody who makes music, or several."""
    adjective, noun, other = chance.choice(ADJECTIVES), chance.choice(NOUNS), chance.choice(NOUNS)
    kinds = (
        person(chance),
        f"The {adjective} {noun}s",
        f"{noun} {other}",
        f"{chance.choice(FIRST)} & the {noun}s",
        f"{adjective} {noun}",
    )
    return chance.choice(kinds)


def album(chance: Random) -> str:
    """Return the title of an album."""
    adjective, noun, thing = chance.choice(ADJECTIVES), chance.choice(NOUNS), chance.choice(THINGS)
    kinds = (
        f"{adjective} {noun}",
        f"{noun} of {thing}",
        f"Songs for the {noun}",
        f"{thing}, {thing}",
        f"The {noun} and the {chance.choice(NOUNS)}",
        f"{chance.randint(2, 99)} {noun}s",
        f"Live at the {adjective} {noun}",
    )
    return chance.choice(kinds)


def track(chance: Random) -> str:
    """Return the title of a track."""
    adjective, noun, thing = chance.choice(ADJECTIVES), chance.choice(NOUNS), chance.choice(THINGS)
    kinds = (
        f"{adjective} {noun}",
        f"{adjective} {thing}",
        f"{noun} in the {chance.choice(NOUNS)}",
        f"No {noun} Tonight",
        f"{thing} Again",
        f"Under the {adjective} {noun}",
        f"{noun}, {noun}",
        f"Where the {noun} Ends",
        f"{chance.choice(FIRST)} and the {noun}",
        f"All the {adjective} {noun}s",
    )
    return chance.choice(kinds)

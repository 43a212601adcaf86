"""The words the painter knows, as tables: each line is a meaning and the words for it."""

from __future__ import annotations

from abby_core.generation.providers.painter.brushes.colour import Colour, rgb


def _index(table: dict[str, str]) -> dict[str, str]:
    return {word: meaning for meaning, words in table.items() for word in words.split()}


PHRASES: dict[str, str] = {
    "polar bear": "polarbear", "teddy bear": "bear", "hot air balloon": "balloon", "golden hour": "goldenhour",
    "northern lights": "aurora", "cherry blossom": "blossom", "cherry blossoms": "blossom",
    "deep ocean": "underwater", "deep sea": "underwater", "under water": "underwater",
    "under the sea": "underwater", "coral reef": "reef", "ringed planet": "ringedplanet", "red panda": "redpanda",
    "outer space": "space", "full moon": "moonlit", "space ship": "spaceship", "shooting star": "stars",
    "sea turtle": "turtle", "light house": "lighthouse", "sail boat": "boat", "close up": "closeup",
    "close-up": "closeup", "ice cream": "cake", "space station": "spaceship", "killer whale": "whale",
    "guinea pig": "hamster", "sand castle": "castle", "new york": "city", "milky way": "stars",
    "milky-way": "stars", "sci fi": "space", "sci-fi": "space", "snow man": "snowman",
}  # fmt: skip
"""Groups of words that mean something of their own; replaced before the words are looked up."""

PLACES = _index(
    {
        "meadow": "meadow field grass garden lawn park countryside valley hill pasture prairie farm picnic village "
        "orchard wildflower landscape",
        "forest": "forest wood jungle grove rainforest woodland glade thicket swamp",
        "mountain": "mountain alps alp peak cliff summit highland himalaya fjord everest",
        "sea": "sea ocean beach coast shore wave lake river harbour harbor island bay pond water lagoon seaside surf",
        "depths": "underwater reef coral seabed abyss aquarium seafloor atlantis",
        "city": "city skyline town street tokyo london paris metropolis downtown skyscraper building cyberpunk "
        "urban manhattan cityscape alley",
        "desert": "desert dune sahara oasis canyon savanna savannah egypt",
        "snowfield": "arctic antarctic antarctica tundra glacier iceberg polar icy ice",
        "space": "space galaxy nebula universe cosmos cosmic orbit asteroid comet interstellar constellation",
        "studio": "portrait closeup headshot studio bust face",
        "dream": "abstract dream surreal pattern psychedelic dreamscape",
    }
)

TIMES = _index(
    {
        "dawn": "dawn sunrise morning daybreak",
        "day": "day noon daylight sunny midday afternoon bright",
        "golden": "goldenhour warm summer cozy cosy",
        "sunset": "sunset evening sundown",
        "dusk": "dusk twilight gloomy spooky scary",
        "night": "night midnight nighttime nocturnal moon moonlit moonlight star starry stars dark neon halloween "
        "firefly aurora",
    }
)

WEATHER = _index(
    {
        "rain": "rain rainy raining drizzle wet downpour puddle",
        "storm": "storm stormy thunder lightning tempest thunderstorm",
        "snow": "snow snowy snowing winter blizzard christmas frost frosty wintry",
        "fog": "fog foggy mist misty haze hazy spooky smoke",
        "clouds": "cloud cloudy overcast clouds",
        "aurora": "aurora",
        "rainbow": "rainbow",
        "fireflies": "firefly fireflies magic magical fairy enchanted fantasy mystical sparkle glowing glow",
        "petals": "blossom sakura petal spring",
        "autumn": "autumn fall autumnal october harvest",
    }
)

SUBJECTS = _index(
    {
        "rabbit": "rabbit bunny hare bunnies",
        "cat": "cat kitten kitty feline",
        "tiger": "tiger",
        "lion": "lion",
        "fox": "fox vixen",
        "redpanda": "redpanda raccoon",
        "wolf": "wolf wolves husky werewolf",
        "dog": "dog puppy puppies hound corgi doggo",
        "bear": "bear grizzly cub",
        "polarbear": "polarbear",
        "panda": "panda",
        "koala": "koala",
        "mouse": "mouse mice rat hamster",
        "squirrel": "squirrel chipmunk",
        "hedgehog": "hedgehog porcupine",
        "deer": "deer fawn stag reindeer moose elk",
        "pig": "pig piglet boar",
        "cow": "cow calf bull",
        "sheep": "sheep lamb alpaca llama goat",
        "monkey": "monkey ape chimpanzee gorilla",
        "elephant": "elephant mammoth",
        "unicorn": "unicorn horse pony ponies foal",
        "frog": "frog toad",
        "owl": "owl",
        "penguin": "penguin",
        "duck": "duck duckling chick chicken hen goose swan",
        "bird": "bird eagle hawk raven crow seagull gull dove swallow parrot phoenix sparrow",
        "butterfly": "butterfly butterflies moth",
        "bee": "bee bumblebee",
        "dragon": "dragon wyvern drake",
        "fish": "fish goldfish koi clownfish salmon shoal",
        "shark": "shark dolphin",
        "whale": "whale orca",
        "jellyfish": "jellyfish",
        "octopus": "octopus squid kraken",
        "turtle": "turtle tortoise",
        "castle": "castle fortress palace citadel tower kingdom",
        "house": "house cottage cabin hut home barn farmhouse",
        "lighthouse": "lighthouse beacon",
        "windmill": "windmill mill",
        "boat": "boat ship sailboat sailing yacht pirate galleon",
        "balloon": "balloon airship zeppelin",
        "robot": "robot android droid mech cyborg machine ai",
        "rocket": "rocket spaceship starship spacecraft shuttle",
        "ufo": "ufo saucer alien",
        "planet": "planet ringedplanet saturn jupiter mars earth",
        "astronaut": "astronaut cosmonaut spaceman",
        "person": "person man woman girl boy people child knight samurai ninja warrior hero traveler traveller "
        "wanderer king queen prince princess lady",
        "wizard": "wizard witch mage sorcerer sorceress magician",
        "snowman": "snowman",
        "mushroom": "mushroom toadstool fungus",
        "cactus": "cactus cacti",
        "tree": "tree oak willow bonsai",
        "flower": "flower rose tulip sunflower daisy poppy orchid lotus",
        "heart": "heart love valentine romance",
        "cake": "cake cupcake dessert birthday",
    }
)

HOMES: dict[str, str] = {
    "fox": "forest", "redpanda": "forest", "wolf": "forest", "bear": "forest", "squirrel": "forest",
    "hedgehog": "forest", "deer": "forest", "owl": "forest", "mushroom": "forest", "panda": "forest",
    "koala": "forest", "monkey": "forest", "tiger": "forest", "wizard": "forest", "lion": "desert",
    "elephant": "desert", "cactus": "desert", "polarbear": "snowfield", "penguin": "snowfield",
    "snowman": "snowfield", "fish": "depths", "shark": "depths", "whale": "depths", "jellyfish": "depths",
    "octopus": "depths", "turtle": "depths", "boat": "sea", "lighthouse": "sea", "duck": "sea", "rocket": "space",
    "ufo": "space", "planet": "space", "astronaut": "space", "castle": "mountain", "dragon": "mountain",
    "person": "mountain", "bird": "mountain", "balloon": "meadow", "robot": "city", "heart": "dream",
    "cake": "dream",
}  # fmt: skip
"""Where a subject lives when the prompt names no place; a meadow otherwise."""

COLOURS: dict[str, Colour] = {
    "red": rgb("d8323a"), "crimson": rgb("b81d3c"), "scarlet": rgb("e2342b"), "orange": rgb("f28a2e"),
    "amber": rgb("f0a530"), "yellow": rgb("f5cf3d"), "gold": rgb("e3b341"), "golden": rgb("e3b341"),
    "green": rgb("4fae5a"), "emerald": rgb("1fa36f"), "lime": rgb("9fd63f"), "teal": rgb("2a9d9a"),
    "turquoise": rgb("35bdb8"), "cyan": rgb("3fc6e0"), "blue": rgb("3f78d8"), "azure": rgb("3f9be8"),
    "navy": rgb("28407f"), "indigo": rgb("4b3fa8"), "purple": rgb("8b4fc4"), "violet": rgb("9a5fe0"),
    "lavender": rgb("b79de8"), "magenta": rgb("d03fa8"), "pink": rgb("f48fb8"), "rose": rgb("e8688e"),
    "brown": rgb("8a5a3a"), "white": rgb("f6f4f2"), "silver": rgb("c3cad4"), "gray": rgb("9498a0"),
    "grey": rgb("9498a0"), "black": rgb("34303a"), "pastel": rgb("f3c6dc"), "peach": rgb("ffc09a"),
    "mint": rgb("a3e4c4"),
}  # fmt: skip

OWN_COLOURS: dict[str, Colour] = {
    "seagull": rgb("f4f4f2"), "gull": rgb("f4f4f2"), "dove": rgb("f8f6f4"), "raven": rgb("3a3844"),
    "crow": rgb("35333c"), "eagle": rgb("7a5638"), "hawk": rgb("94683f"), "swallow": rgb("3f5a94"),
    "parrot": rgb("3fae5a"), "phoenix": rgb("f0762a"), "sparrow": rgb("a87a50"), "swan": rgb("f8f6f2"),
    "goose": rgb("e8e4dc"), "hen": rgb("c8824a"), "chick": rgb("f8d858"), "goldfish": rgb("f59a2e"),
    "clownfish": rgb("f58232"), "salmon": rgb("f09a84"), "koi": rgb("f26a3a"), "sunflower": rgb("f8c83a"),
    "rose": rgb("d8324f"), "lotus": rgb("f4a8c8"), "poppy": rgb("e8402f"), "daisy": rgb("f8f6f0"),
    "mars": rgb("c8603a"), "earth": rgb("4f8ad0"), "saturn": rgb("e0bc82"), "jupiter": rgb("d8a878"),
    "husky": rgb("a8b0bc"), "grizzly": rgb("8a5a3a"), "pirate": rgb("4a3a38"), "dolphin": rgb("8aa4bc"),
    "horse": rgb("a8714a"), "pony": rgb("b98a5e"), "willow": rgb("8ab85a"), "goat": rgb("d8d0c4"),
    "llama": rgb("e8d8c0"), "raccoon": rgb("8a8a92"),
}  # fmt: skip
"""The colour that a particular word for a subject brings along."""

FLORA = _index(
    {
        "daisy": "daisy daisies camomile",
        "poppy": "poppy poppies",
        "lavender": "lavender",
        "cornflower": "cornflower bluebell",
        "buttercup": "buttercup dandelion",
        "cosmos": "cosmos rose orchid",
        "sunflower": "sunflower",
        "tulip": "tulip",
    }
)
"""Flowers that a meadow is full of when the prompt names them."""

NUMBERS: dict[str, int] = {
    "two": 2, "pair": 2, "couple": 2, "2": 2, "three": 3, "trio": 3, "3": 3, "four": 4, "4": 4, "five": 5, "5": 5,
    "several": 4, "group": 4, "family": 3, "many": 6, "flock": 7, "shoal": 9, "school": 9, "herd": 5, "pack": 4,
    "swarm": 8,
}  # fmt: skip

PARTS = _index(
    {
        "sun": "sun",
        "moon": "moon",
        "stars": "star",
        "clouds": "cloud",
        "flowers": "flower blossom",
        "trees": "tree bush",
        "grass": "grass",
        "butterflies": "butterfly insect",
        "mark": "watermark signature text logo writing letter",
        "lights": "light lamp window",
        "hills": "hill",
        "sparkles": "sparkle dust firefly particle bokeh",
        "rays": "ray sunbeam flare",
        "water": "water",
        "bubbles": "bubble",
        "vignette": "vignette",
        "rings": "ring",
    }
)
"""Parts of a picture that a negative prompt can leave out."""

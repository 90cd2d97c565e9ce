"""The words of the simulated world, all invented.

No word of the catalogue holds the letter z, and every title and artist outside the
catalogue holds one. So the two can never agree by accident, however they are spelled.
"""
# ruff: noqa: SIM905  a list of words reads better as text

ADJECTIVES = (
    "Amber Blue Borrowed Bright Broken Burning Café Copper Crooked Distant Electric "
    "Empty Endless Faded Gentle Golden Green Hidden Hollow Late Little Lonely Long "
    "Paper Perfect Quiet Restless Rolling Rusty Secret Silver Sleeping Slow Soft "
    "Southern Stolen Sudden Tender Velvet Wild Winter Wooden"
).split()
NOUNS = (
    "Anchor Avenue Bell Bird Boat Bridge Candle Canyon Château Circle Town Cloud Coast "
    "Comet Corner Daughter Door Dream Drum Engine Ember Feather Field Fire Flower "
    "Forêt Garden Ghost Harbour Heart Highway Hour House Island Jungle Kingdom Ladder "
    "Lantern Letter Light Machine Mañana Market Meadow Midnight Mirror Moon Morning "
    "Mountain Ocean Orchard Parade Picture Pilot Rain Ribbon River Road Room Sailor "
    "Señora Shadow Signal Sister Star Smoke Soldier Song Spring Stranger Street Summer "
    "Sun Thunder Tide Tower Train Valley Violin Voice Water Weather Window Wire Rose"
).split()
VERBS = (
    "Breaking Building Calling Catching Chasing Counting Crossing Drawing Feeding "
    "Finding Following Hiding Holding Keeping Leaving Losing Missing Painting Reading "
    "Saving Selling Stealing Waking Walking Watching Writing"
).split()
ENDINGS = (
    "(Live)",
    "(Album Version)",
    "(Acoustic)",
    "(Radio Edit)",
    "(2004 Digital Remaster)",
)
ODD_TITLES: tuple[str | int | float, ...] = (
    "Voilà",
    404,
    "  Low Bridge At Dusk",
    "Тихая гавань",
    "Can\x19t Outrun The Tide",
    "Lanterns On The Wharf\u00a0",
    7.5,
    "Rain_ Rain_ Stay Awhile",
    "静かな港",
    "Heaven\x19s Old Bridge ",
    "1812",
    "Où Est Ma Señora?",
    "\u00a0Æbler Og Smørblomster",
    "Ночной трамвай",
    1066,
    "It's Over (And So Are We)",
)

ARTIST_FIRST = (
    "Ada Alma Bruno Cora Dario Edda Elias Fabian Gréta Hugo Ines Jonas Juno Kaya Lars "
    "Lena Marlon Mina Nadia Oskar Paloma Quentin Rosa Silas Tessa Umberto Vera Wanda "
    "Yara Björn José Noë"
).split()
ARTIST_LAST = (
    "Abbott Bellweather Castellan Dunmore Eastlake Farrow Greywood Hollis Ironside "
    "Jessup Kilbride Larkin Merriweather Northcott Okafor Pemberton Quill Ravenhall "
    "Sandoval Thackeray Underhill Vance Whitlock Yarrow Ålund Ibáñes Møller"
).split()
ODD_NAMES: tuple[str | int, ...] = (
    808,
    "!?!",
    "Les Étoiles D'Août",
    "Farrow_ Edda",
    "59",
    "The Tin Pilots ",
    1973,
    "+/-",
)

OUTSIDE_ADJECTIVES = (
    "Azure Blazing Bronze Buzzing Crazy Dazzling Dizzy Dozing Frozen Fuzzy Glazed Hazy "
    "Lazy Razor Zealous"
).split()
OUTSIDE_NOUNS = (
    "Bazaar Blaze Blizzard Breeze Corazón Dozen Drizzle Gazelle Glaze Horizon Lizard "
    "Magazine Maze Plaza Prize Puzzle Quartz Topaz Trapeze Waltz Wizard Zébre Zenith "
    "Zephyr Zero Zigzag Zinc Zone"
).split()
OUTSIDE_FIRST = "Enzo Ezra Hazel Inez Liza Lorenzo Mazie Roza Zadie Zélia Zora".split()

PLACES = (
    "Alder Falls, Oregon",
    "Brightwater, Ontario",
    "Fjordby, Denmark",
    "GRÜNWALD",
    "Île-de-Grève, France",
    "Kestrel Bay, New Zealand",
    "Lisbon, Portugal",
    "Old Quay",
    "Port Linden, Maine",
    "Rosendal, Norway",
    "Tallow Street, London",
    "Umber Hills, Texas",
    "Vila Serena, Brasil",
)
ODD_PLACES: tuple[str | int, ...] = (
    '<a href="http://places.example/harbour" onmousedown=\'visit("harbour");\'>'
    "Harbour Town</a>",
    "Quill &amp; Wharf, Dublin",
    "Malm\ufffd Gamla, Sweden",
    " Northcott, Wales ",
    1180,
)

LISTENER_FIRST = {
    "F": "Ada Bea Cleo Dora Elin Faye Greta Hanna Iris Joan Kaia Lotte Maud Nell Opal "
    "Petra Ruth Selma Thea Una Vida Willa".split(),
    "M": "Abel Bram Cyrus Dex Emil Finn Gus Hal Ivo Jude Kofi Leif Milo Ned Otto Pax "
    "Rafe Sven Tariq Ugo Vito Wim".split(),
}
LISTENER_LAST = (
    "Acker Birch Cobb Dray Ellery Fenn Gage Holt Ingram Joyce Kemp Lund Marsh Nash "
    "Orr Pike Quade Rowe Stroud Tull Upton Vale Wren Yates O'Dell Saint-Cyr"
).split()
METROS = (
    "Alder Falls-Brightwater, OR-WA",
    "Amber Lake, MN",
    "Bellhaven-Northcott-Drum Hill, MA-NH",
    "Birch Hollow, VT",
    "Cinder Flats-Mesa Vieja, AZ",
    "Clearmont-Saint Odile, LA",
    "Copper Ridge, MT",
    "Cottonwood-Twin Bluffs, NE-IA",
    "Driftwood-Pelican Point, FL",
    "Eastlake-Marlow-Quill, NY-NJ-PA",
    "Fairweather, CA",
    "Granite Pass-Elk Run, CO",
    "Harrow-West Harrow, OH",
    "Ironside-Old Mill, PA",
    "Juniper Wells, NM",
    "Kestrel Bay-Port Linden, ME",
    "Larkspur--Mill County, TN",
    "Magnolia-Sweetwater, GA-AL",
    "Northfield-Underhill-Vance, DC-VA-MD-WV",
    "Osprey Sound, WA",
    "Palmetto-Cape Verity, SC",
    "Red Mesa-Salt Fork, OK",
    "San Aurelio-Las Palomas-Rio Seco, CA",
    "Three Rivers-Weller, IL-IN-WI",
    "Wagon Springs-Tallgrass, KS-MO",
    "Yarrow-Blue Prairie, TX",
)
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_SAFARI = "AppleWebKit/537.75.14 (KHTML, like Gecko)"
USER_AGENTS = (
    *(
        f'"Mozilla/5.0 ({platform}) {_WEBKIT} Chrome/{version} Safari/537.36"'
        for platform in (
            "Windows NT 6.1; WOW64",
            "Windows NT 6.3; WOW64",
            "Macintosh; Intel Mac OS X 10_9_4",
            "X11; Linux x86_64",
        )
        for version in ("36.0.1985.141", "37.0.2062.99")
    ),
    *(
        f'"Mozilla/5.0 ({platform}) {_SAFARI} Version/7.0.{minor} {tail}"'
        for platform, minor, tail in (
            ("Macintosh; Intel Mac OS X 10_9_4", 6, "Safari/537.77.4"),
            ("Macintosh; Intel Mac OS X 10_9_3", 4, "Safari/537.76.4"),
            (
                "iPhone; CPU iPhone OS 7_1_1 like Mac OS X",
                0,
                "Mobile/11D201 Safari/9537.53",
            ),
            ("iPad; CPU OS 7_1_1 like Mac OS X", 0, "Mobile/11D201 Safari/9537.53"),
        )
    ),
    *(
        f"Mozilla/5.0 ({platform}; rv:{version}) Gecko/20100101 Firefox/{version}"
        for platform in (
            "Windows NT 6.1; WOW64",
            "Macintosh; Intel Mac OS X 10.8",
            "X11; Ubuntu; Linux x86_64",
        )
        for version in ("29.0", "33.0")
    ),
    "Mozilla/5.0 (Windows NT 6.2; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.0; Trident/5.0)",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.1; WOW64; Trident/6.0)",
)

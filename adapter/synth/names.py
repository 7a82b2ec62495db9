"""Names of people and places that do not exist. Invented surnames, so that nobody is taken for a person; given names as people have them.

Telephone numbers are of Ofcom's ranges for drama (01632 960000 to 960999, 07700 900000 to 900999), which are never given to anybody;
postcodes begin with ZZ, which no place has. Source: Ofcom, Telephone numbers for use in TV and radio drama programmes.
"""
from __future__ import annotations


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SURNAMES = words("""
Teatime Cobblestone Larkspur Thistledown Marmalade Pennywhistle Quillfeather Brambleworth Candlewick Dewberry Elderflower Fernsby Gooseberry
Honeycomb Inkwell Jollifant Kettlewell-Brown Lavenderby Mistlethwaite Nettlebed Oatcake Puddifoot-Snow Quince Rosewater Saltmarsh Tumbledown
Umbershaw Velvetine Wainscot Yarrowby Applecross Buttercup Clockmaker Dandelion-Clock Eiderdown Featherstitch Gingerbread Haystack Ivyleaf
Junipertree Kingcup Lamplighter Mulberry-Bush Nightingate Overmantel Pepperpot Quaverly Raspberry Snowdrop Turnstile Underleaf Vinegarth
Whistledown Yesterday Foxglove Bellwether Catchpenny Driftwood Everglade Fiddlestick Greengage Hobnail Ironbark Jackdaw Knapweed Lilypad
Moonwort Nutmeg Owlpen Periwinkle Quicksilver Ragwort Sundial Toadflax Uphill Windfall
""")
APOSTROPHES = ("O'Bramble", "D'Arcy-Meadow", "O’Thistle", "N'Dewberry", "O'Larkspur")      # straight and curly: both are met
WELSH = ("Llŷnfab", "Gŵyrfryn", "Bachtôn", "Môrwen-Siôr", "Tŷ'nycoed")
LONG = ("Featherstonehaugh-Test-Montgomery", "Abercrombie-Example-Fitzwilliam")
LONG_WOMEN, LONG_MEN = ("Anne-Marie Ffion Bronwen Rose",), ("John-Paul Owain Huw Rhys",)
WOMEN = words("""
Marigold Henrietta Clementine Dorothea Winifred Edith Mabel Hilda Ivy Pearl Beryl Muriel Olive Gladys Vera Nora Elsie Doris Phyllis Joan
Maureen Sheila Brenda Jean Rita Audrey Eileen Kathleen Constance Agnes Beatrice Florence Harriet Josephine Lavinia Millicent Philippa
Rosalind Sybil Ursula Agnieszka Amrit Concetta Mei Shanice
""")
MEN = words("""
Percy Horace Wilfred Cuthbert Albert Reginald Stanley Cyril Leonard Norman Arthur Ernest Harold Sidney Walter Bernard Clifford Dennis Eric
Frank Gordon Herbert Kenneth Maurice Ronald Trevor Vernon Aubrey Barnaby Cedric Desmond Everard Montague Neville Roland Zbigniew Gurpreet
Salvatore Wei Winston
""")
WELSH_WOMEN, WELSH_MEN = ("Siân", "Mêlangell", "Lowri", "Angharad"), ("Siôn", "Rhŷs", "Gwŷdion", "Iorwerth")
SHORT_WOMEN, SHORT_MEN = ("Goldie", "Hettie", "Nan", "Bunty", "Dot", "Win"), ("Bertie", "Stan", "Sid", "Wilf", "Pip", "Kit")
HOUSES = words("""
Ashgrove Rosemead Larchwood Honeysuckle Meadowsweet Primrose Willowbank Larkfield Orchardside Bluebell Hawthorn Kingfisher Lavender Oakapple
Thornfield Swallowdale Hollybush Greenacre Fernbank Riverdale
""")
KINDS_OF_HOUSE = ("House", "Lodge", "Court", "Grange", "Manor", "Rest", "Hall", "View")
STREETS = ("Nowhere Road", "Imaginary Street", "Orchard Lane", "Invented Avenue", "Made-up Hill", "Example Close", "Fable Lane")
TOWNS = ("Anytown", "Little Example", "Much Inventing", "Sampleford", "Testbury", "Nether Fable", "Mockington-on-Sea", "Llanffug")
HOSPITALS = ("Anytown Test Hospital", "St Brigid's Example Infirmary", "Sampleford General", "Royal Fable Infirmary", "Ysbyty Ffug")
WARDS = ("Acorn Ward", "Beech Ward", "Cedar Ward", "Elderly Assessment Unit", "Frailty Unit", "Ward 7", "Ward 12")

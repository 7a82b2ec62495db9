"""Every figure that the synthetic residents are made by, with its source, or as the assumption that it is. Printed into docs/synth.md.

A spread is read as parts of the sum of its weights. Where a source speaks of others than care home residents, that is said.
"""
from __future__ import annotations

from adapter.synth.dice import Spread

ASSUMED = "assumption"
ONS = "ONS, Older people living in care homes in 2021 and changes since 2011 (9 October 2023), England and Wales"
OLDEST = "ONS, Characteristics of Older People: the oldest old (2013): everybody of 85 and over, Census 2011, England and Wales"
CHUMS = "Barber et al., Care homes' use of medicines study, Qual Saf Health Care 2009;18:341: mean 8.0"
GORDON = "Gordon et al., Health status of UK care home residents, Age and Ageing 2014;43:97: median 8, quartiles 5.5 and 10.5"
ADMISSIONS = "Health Foundation and NHS England, Emergency admissions to hospital from care homes (2019): 0.70 for each resident in 2016/17"
FLU = "UKHSA, Seasonal influenza vaccine uptake in GP patients, winter 2024 to 2025: 74.9 % of everybody of 65 and over"
COVID = "NHS England, December 2022: 88.6 % of eligible care home residents had the booster of that autumn"
PPV = "UKHSA, PPV coverage report, April 2022 to March 2023: everybody of"
ZOSTER = "UKHSA, Shingles vaccine coverage, quarter 1 of 2022 to 2023: 37.7 % of those of 71, 81.4 % of those of 79"

# ---- who -------------------------------------------------------------------------------------------------------------------
AGE = Spread("Age, years", {
    (18, 39): 30, (40, 64): 149, (65, 74): 115, (75, 84): 243, (85, 89): 190, (90, 94): 183, (95, 99): 78, (100, 105): 12,
}, f"{ONS}: 82.1 % are 65 and over, of these 56.4 % are 85 and over. Within these bands: {ASSUMED}")
SEX = Spread("Sex, 65 and over", {"female": 23, "male": 10}, f"{ONS}: 23 women for 10 men")
SEX_YOUNGER = Spread("Sex, under 65", {"female": 45, "male": 55}, ASSUMED)
ETHNICITY = Spread("Ethnic category", {
    "white british": 925, "white irish": 20, "any other white background": 30, "indian": 5, "pakistani": 3, "any other asian background": 2,
    "caribbean": 6, "african": 3, "chinese": 2, "any other ethnic group": 4,
}, f"{ONS}: 97.5 % White, 0.95 % Asian, 0.96 % Black. Within these: {ASSUMED}")
MARRIED_WOMAN = Spread("Marital status, women of 85 and over", {"widowed": 77, "married": 13, "single": 6, "divorced": 4}, OLDEST)
MARRIED_MAN = Spread("Marital status, men of 85 and over", {"widowed": 43, "married": 48, "single": 5, "divorced": 4}, OLDEST)
MARRIED_YOUNGER = Spread("Marital status, under 85", {"widowed": 34, "married": 28, "single": 24, "divorced": 12, "separated": 2}, ASSUMED)
LANGUAGE = Spread("Language", {"english": 964, "welsh": 10, "polish": 6, "punjabi": 8, "urdu": 4, "cantonese": 4, "italian": 4}, ASSUMED)
NUMBER_STATUS = Spread("NHS number", {
    "verified": 955, "trace required": 15, "trace in progress": 5, "not traced": 5, "no match or several": 2, "no status": 3,
    "none: not known": 10, "none: overseas patient": 2, "none: devolved nation": 3}, ASSUMED)
MIDDLE_NAMES = Spread("Middle names", {0: 35, 1: 55, 2: 10}, ASSUMED)
PREFERRED_NAME = Spread("Goes by another name", {True: 20, False: 80}, ASSUMED)
RELATED = Spread("Related persons", {0: 8, 1: 60, 2: 26, 3: 6}, ASSUMED)
KINSHIP = Spread("Who they are", {
    "daughter": 38, "son": 30, "niece": 8, "nephew": 4, "sister": 6, "brother": 4, "friend": 6, "grandchild": 4}, ASSUMED)

# ---- homes -----------------------------------------------------------------------------------------------------------------
HOME_KIND = Spread("Who runs the home", {"independent care home": 90, "local authority care home": 9, "nhs care home": 1}, ASSUMED)
NURSING = Spread("With nursing", {True: 494, False: 506}, f"{ONS}: 49.4 % live in homes with nursing")

# ---- medicines -------------------------------------------------------------------------------------------------------------
MEDICINES = Spread("Medicines taken", {
    0: 10, 1: 15, 2: 28, 3: 46, 4: 68, 5: 88, 6: 105, 7: 112, 8: 112, 9: 102, 10: 88, 11: 70, 12: 52, 13: 38, 14: 27, 15: 18, 16: 11, 17: 6,
    18: 3, 19: 1}, f"{CHUMS}. {GORDON}")
MEDICINE_KIND = Spread("How a medicine is taken", {"regularly": 72, "when needed": 21, "in varying doses": 7}, ASSUMED)
MEDICINES_PAST = Spread("Medicines finished, stopped or on hold, beside those", {0: 70, 1: 22, 2: 8}, ASSUMED)
NO_MEDICINES = Spread("Where no medicine is taken", {"none known": 9, "not asked": 1}, ASSUMED)
STARTED = Spread("Days since a medicine was started", {(2, 60): 15, (61, 365): 30, (366, 1825): 42, (1826, 5475): 13}, ASSUMED)

# ---- vaccinations: given, by us; reported, by others; the rest is why not; nothing: no row ---------------------------------
INFLUENZA = Spread("Influenza, the last whole winter", {
    "given": 719, "reported": 30, "declined": 90, "unwell": 15, "consent not given": 10, "nothing": 136}, f"{FLU}. Why not: {ASSUMED}")
COVID_19 = Spread("COVID-19, the last whole winter", {
    "given": 856, "reported": 30, "declined": 60, "unwell": 15, "contraindicated": 5, "nothing": 34}, f"{COVID}. Why not: {ASSUMED}")
PNEUMOCOCCAL = Spread("Pneumococcal, 75 and over", {"given": 39, "reported": 800, "declined": 30, "nothing": 131},
                      f"{PPV} 75 and over 83.9 %")
PNEUMOCOCCAL_YOUNGER = Spread("Pneumococcal, under 75", {"given": 32, "reported": 430, "declined": 40, "nothing": 498},
                              f"{PPV} 2 to 64 in a clinical risk group 46.2 %. Used up to 74: {ASSUMED}")
SHINGLES = Spread("Shingles, from 70 on and born after 1 September 1933", {"given": 40, "reported": 560, "declined": 50, "nothing": 350},
                  f"{ZOSTER}. One figure for all ages: {ASSUMED}")
NO_VACCINATIONS = Spread("Where there is no vaccination", {"not supplied": 5, "not asked": 3, "none known": 2}, ASSUMED)

# ---- allergies -------------------------------------------------------------------------------------------------------------
ALLERGIES: Spread[int | str] = Spread("Allergies", {"none known": 55, 1: 26, 2: 8, 3: 3, "not asked": 3, "not supplied": 5}, (
    f"{ASSUMED}, beside: 44.5 % of adult inpatients of one London trust reported a drug allergy (UCLH, 2017)"))

# ---- stays -----------------------------------------------------------------------------------------------------------------
STAYS = Spread("Stays in hospital that ended within a year", {0: 580, 1: 235, 2: 110, 3: 50, 4: 25},
               f"{ADMISSIONS}. How they spread: {ASSUMED}")
STAYS_NOW = Spread("And now", {"at home": 970, "in hospital": 18, "leaving for hospital": 12}, ASSUMED)
NIGHTS = Spread("Nights of a stay", {(0, 1): 28, (2, 5): 32, (6, 14): 27, (15, 40): 13}, ASSUMED)
ADMITTED = Spread("How admitted", {"emergency department": 86, "emergency, by gp": 9, "booked": 4, "other emergency": 1}, ASSUMED)

SECTIONS = {
    "Residents": (AGE, SEX, SEX_YOUNGER, ETHNICITY, MARRIED_WOMAN, MARRIED_MAN, MARRIED_YOUNGER, LANGUAGE, NUMBER_STATUS, MIDDLE_NAMES,
                  PREFERRED_NAME, RELATED, KINSHIP),
    "Homes": (HOME_KIND, NURSING),
    "Medicines": (MEDICINES, MEDICINE_KIND, MEDICINES_PAST, NO_MEDICINES, STARTED),
    "Vaccinations": (INFLUENZA, COVID_19, PNEUMOCOCCAL, PNEUMOCOCCAL_YOUNGER, SHINGLES, NO_VACCINATIONS),
    "Allergies": (ALLERGIES,),
    "Stays": (STAYS, STAYS_NOW, NIGHTS, ADMITTED),
}

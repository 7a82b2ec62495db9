"""What vendors call things: our field -> the names it goes by, the surest first. One table for each kind of row, and one for the tables.

Case, `_` and `-` do not count. `[]` after a field: one element of a list.
"""
from __future__ import annotations

ADDRESS = {
    "lines": "address addr address_line addr_line address_lines line lines address_1 address_2 address_3 address_line_1 address_line_2 "
             "address_line_3 addr_1 addr_2 addr_3 line_1 line_2 line_3 street house_name premises",
    "city": "town city post_town address_town address_city",
    "district": "district locality",
    "county": "county address_county",
    "postcode": "postcode post_code pcode postal_code zip post",
    "country": "country",
    "uprn": "uprn",
}
PERIOD = {"start": "from since date_from from_date start_date start valid_from", "end": "to date_to to_date end_date end valid_to ended"}


def inside(prefix: str, names: dict[str, str]) -> dict[str, str]:
    return {f"{prefix}.{field}": said for field, said in names.items()}


KEY = "id key ref no number code row_id record_id uid guid uuid"
NHS = "nhs_number nhs_no nhs_num nhs nhsnumber"
SEX = "sex gender_now sex_now gender administrative_gender"
BORN = "dob born_on d_o_b birth_date date_of_birth born birthdate birth"
FAMILY = "surname last_name family_name family sname sur"
GIVEN = ("forename fore first_name given_name forenames first_names given_names given fname christian_name middle middle_name middle_names "
         "second_name")
TITLE = "title prefix salutation honorific"
PHONE = "phone tel telephone telephone_no phone_no phone_number mobile mob mobile_no mobile_phone home_phone tel_no contact_number"

NAMES: dict[str, dict[str, str]] = {
    "resident": {
        "key": "resident_id resident_no resident_number res_no res_id resident_key client_id client_no client_number service_user_id su_id "
               f"su_no person_id patient_id patient_no unit_no record_no {KEY}",
        "nhs_number": NHS,
        "nhs_number_status": "nhs_stat nhs_number_status nhs_status nhs_no_status nhs_verified nhs_trace_status nhs_no_verified",
        "nhs_number_unavailable_reason": "no_nhs_reason nhs_number_reason nhs_reason no_nhs_number_reason",
        "active": "in_residence in_res living_here active is_active current is_current",
        "family_name": FAMILY,
        "given_names": GIVEN,
        "name_prefixes": TITLE,
        "name_suffixes": "letters after post_nominals suffix name_suffix",
        "name_text": "name_full full_name name display_name",
        "preferred_name": "known_as preferred_name preferred likes_to_be_called called nickname usual_name",
        "gender": SEX,
        "birth_sex": "sex_birth birth_sex sex_at_birth",
        "birth_date": BORN,
        "birth_time": "birth_time time_of_birth",
        "deceased": "died_at died_on date_of_death dod death_date died deceased deceased_date date_died",
        "ethnic_category": "ethnicity ethnic_group ethnic_category ethnic_code ethnic_origin ethnic",
        "religion": "religion faith",
        "marital_status": "married marriage marital_status marital civil_status",
        "residential_status": "residential_status",
        "interpreter_required": "interpreter interpreter_required interpreter_needed needs_interpreter",
        "preferred_contact_method": "contact_method preferred_contact_method",
        "preferred_contact_times": "contact_times preferred_contact_times",
        "preferred_written_format": "written_format preferred_written_format",
        "languages[].language": "language main_language first_language preferred_language spoken_language lang",
        **inside("addresses[]", ADDRESS),
        "telecom[].value": f"{PHONE} email email_address e_mail",
        "general_practitioners[].key": "gp gp_code gp_id gp_ref gp_practice practice practice_code practice_id practice_ref surgery "
                                       "surgery_id",
        "other_names[].family": "maiden maiden_name previous_surname former_surname birth_name",
        "birth_place.city": "birth_place place_of_birth born_town birth_town town_of_birth",
        "birth_place.country": "country_of_birth birth_country born_country",
        "death_notification_date": "death_notified death_notification_date",
        "multiple_birth": "birth_order multiple_birth twin",
        "name_period.start": "name_since",
    },
    "medicines": {
        "key": f"medication_id medicine_id med_id drug_id {KEY}",
        "status": "status state current med_status",
        "drug.text": "drug medicine medication drug_name medicine_name medication_name name description item product preparation",
        "drug.codings[].code": "dmd dmd_code dm_d snomed snomed_code drug_code vmp amp product_code vpid",
        "taken.start": "start started commenced start_date date_started began from date_from",
        "taken.end": "end ended stop stopped stop_date end_date date_stopped discontinued finish until to date_to",
        "doses[].text": "dose dosage dose_text directions instructions sig dose_instructions text frequency",
        "doses[].route": "route route_of_administration",
        "doses[].as_needed": "prn as_needed as_required when_required",
        "doses[].sequence": "seq sequence",
        "reasons[]": "reason indication indications taken_for for",
        "status_reasons[]": "why why_stopped reason_for_stopping stop_reason reason_stopped stopped_reason status_reason",
        "date_asserted": "asserted recorded date_recorded recorded_date reviewed review_date last_reviewed updated entered",
        "last_issued": "last_issued issued last_issue_date last_prescribed",
        "notes[].text": "note notes comment comments remarks",
        "drug.codings[].display": "dmd_term drug_term dmd_name dmd_display",
        "prescribed_by": "by_whom prescribed_by prescriber",
    },
    "allergies": {
        "key": f"allergy_id alg_id {KEY}",
        "code": "to allergy allergen substance agent allergy_name cause allergic_to name description",
        "clinical_status": "status clinical_status state active",
        "verification_status": "conf sure verification verification_status certainty confirmed verified",
        "type": "type allergy_type kind",
        "criticality": "danger criticality risk",
        "onset": "onset onset_date first_noticed since",
        "recorded_date": "recorded recorded_date date_recorded entered noted date_noted date_entered",
        "last_occurrence": "last_occurrence last_reaction last_seen",
        "reactions[].manifestations[]": "reaction reactions manifestation manifestations symptoms symptom",
        "reactions[].severity": "sev severity reaction_severity",
        "notes[].text": "note notes comment comments remarks",
        "code.codings[].code": "sct snomed snomed_code sct_code snomed_ct concept_id allergen_code substance_code",
        "code.codings[].display": "sct_term snomed_term term allergen_term to_term",
        "categories[]": "category categories cat group groups",
    },
    "vaccinations": {
        "key": f"vaccination_id vaccine_id vac_id imm_id immunisation_id jab_id {KEY}",
        "vaccine": "vaccine vaccination vaccine_name immunisation immunization name product description jab",
        "given_on": "on given given_on date given_date date_given vaccination_date vaccine_date when administered",
        "not_given_on": "not_given_on refused_on declined_on refusal_date offered offered_on",
        "reason": "why_not because why reason reason_not_given refusal_reason not_given_reason",
        "batch": "batch batch_no batch_number lot lot_number",
        "expiry_date": "expiry expiry_date expires exp_date",
        "manufacturer": "manufacturer maker",
        "site": "site body_site",
        "route": "route",
        "dose_number": "dose_number dose_no",
        "primary_source": "own_record first_hand seen primary_source",
        "report_origin": "told_by told report_origin reported_by informant source_of_report source told_by origin",
        "notes[].text": "note notes comment comments remarks",
        "vaccine.codings[].code": "dmd dmd_code snomed vaccine_code product_code",
        "vaccine.codings[].display": "dmd_term vaccine_term product_term term",
        "target_diseases[]": "disease diseases target against protects_against",
        "performers[].actor": "given_by administered_by vaccinator nurse performer",
    },
    "stays": {
        "key": f"stay_id admission_id encounter_id transfer_id spell_id visit_id {KEY}",
        "status": "status state",
        "encounter_class": "sort class type kind stay_type visit_type",
        "period.start": "from_dt admitted admission admission_date date_admitted start started from arrived admit admitted_at "
                        "start_date date_from adm_date date_adm",
        "period.end": "to_dt discharged discharge discharge_date date_discharged end ended to returned left discharged_at end_date date_to "
                      "disch_date dis_date date_disch",
        "reasons[]": "because reason reasons reason_for_admission diagnosis why complaint",
        "service_provider.display": "hospital provider hospital_name trust",
        "admission_method": "adm admission_method method_of_admission adm_method",
        "admission_source": "src admission_source source_of_admission adm_source source",
        "discharge_method": "dis discharge_method method_of_discharge dis_method",
        "discharge_destination": "dest discharge_destination dis_dest destination_code",
        "origin": "origin from_where came_from",
        "destination": "destination went_to",
        "locations[].location.display": "ward ward_name",
        "outcome_of_attendance": "outcome result attendance_outcome",
        "identifiers[].value": "spell spell_no spell_number admission_number",
    },
    "related_persons": {
        "key": f"contact_id relative_id nok_id related_person_id {KEY}",
        "relationships[]": "next_of_kin nok is relationship relation relationships related_as rel",
        "names[].text": "name contact_name full_name nok_name display_name",
        "names[].family": FAMILY,
        "names[].given": GIVEN,
        "names[].prefix": TITLE,
        "telecom[].value": f"{PHONE} email email_address e_mail",
        "gender": SEX,
        "birth_date": BORN,
        **inside("addresses[]", ADDRESS),
        "copy_correspondence": "copies copy_correspondence copy_letters",
    },
    "organizations": {
        "key": f"gp_code gp_id practice_code practice_id organisation_id organization_id org_id surgery_id {KEY}",
        "ods_code": "ods ods_code national_code org_code practice_ods",
        "name": "name practice_name surgery organisation organisation_name practice gp_name surgery_name title",
        "telecom[].value": f"{PHONE} email",
        **inside("addresses[]", ADDRESS),
    },
    "practitioners": {
        "key": f"staff_id practitioner_id user_id clinician_id doctor_id {KEY}",
        "names[].text": "name full_name display_name",
        "names[].family": FAMILY, "names[].given": GIVEN, "names[].prefix": TITLE,
    },
    "locations": {"key": f"location_id ward_id {KEY}", "name": "name ward description title"},
    "resident.addresses": {"use": "use type kind", **ADDRESS, **inside("period", PERIOD)},
    "resident.telecom": {"system": "system type kind", "value": f"value {PHONE} email", "use": "use"},
    "resident.other_names": {"use": "use type kind", "text": "name text", "family": FAMILY, "given": GIVEN, **inside("period", PERIOD)},
    "resident.languages": {"language": ". language lang", "preferred": "preferred first main"},
    "resident.identifiers": {"system": "system type", "value": "value number identifier id"},
    "related_persons.addresses": {"use": "use type kind", **ADDRESS},
    "related_persons.telecom": {"system": "system type kind", "value": f"value {PHONE} email", "use": "use"},
    "medicines.doses": {
        "text": "text say dose dose_text directions instructions dosage", "sequence": "sequence seq order no", "route": "route way",
        "amount.value": "amount amt quantity value qty", "amount.unit": "unit units amount_unit", "frequency": "frequency freq",
        "period": "period every", "period_unit": "period_unit per", "days_of_week[]": "days days_of_week", "times_of_day[]": "times "
                  "times_of_day",
        "additional_instructions[]": "label labels warnings", "as_needed": "prn as_needed as_required",
        "patient_instruction": "patient_instruction"},
    "allergies.reactions": {
        "manifestations[]": "manifestation manifestations symptom symptoms reaction description", "severity": "severity",
        "onset": "onset date when"},
    "": {"as_of": "exported_at exported export_date export_time extracted extracted_at extract_date generated generated_at created "
                  "created_at run_date as_of timestamp produced produced_at exported_on taken",
         "source": "source namespace owner"},
}

# What the rows of a table are about, by its name: at the top, and inside of another table's rows.
SECTIONS = {
    "": {
        "resident": "residents resident res clients client service_users people persons patients service_user person patient",
        "medicines": "medication medications medicine medicines meds med drugs drug mar mar_chart prescriptions prescription treatments rx",
        "allergies": "allergy allergies intolerances allergies_and_intolerances sensitivities alg",
        "vaccinations": "vaccination vaccinations vaccine vaccines immunisation immunisations immunization immunizations imms imm jabs jab "
                        "vacc vac",
        "stays": "stay stays admission admissions hospital hospital_stays hospital_stay hospital_visits encounters encounter transfers "
                 "transfer visits spells hospital_admissions",
        "related_persons": "contact contacts nok next_of_kin relatives relative relations family friends related_persons related_person "
                           "key_contacts people_who_matter",
        "organizations": "gp gps practice practices surgery surgeries organisation organisations organizations gp_practices",
        "practitioners": "staff practitioner practitioners clinicians doctors prescribers",
        "locations": "location locations wards",
        "resident.addresses": "address addresses at lived_at",
        "resident.languages": "language languages speaks spoken",
        "resident.telecom": "telecom phones telephones phone_numbers",
        "resident.other_names": "other_names aliases former_names alias previous_names names",
        "resident.identifiers": "identifiers numbers other_numbers",
    },
    "resident": {"related_persons": "people"},
    "medicines": {"medicines.doses": "dose doses dosage dosages directions times instructions"},
    "allergies": {"allergies.reactions": "reaction reactions"},
    "related_persons": {"related_persons.addresses": "address addresses", "related_persons.telecom": "telecom phones phone_numbers"},
}

"""Units of UCUM: whether a code is one, by UCUM's grammar and its table of units.

    is_unit("mm[Hg]") and is_unit("mg/kg/(24.h)") and is_unit("/min") and is_unit("{tablet}")            not is_unit("mgs")

Source: The Unified Code for Units of Measure 2.1, case sensitive: sections 2.1 to 2.4, and the codes of its tables of prefixes and units.
This material contains UCUM codes, copyright (c) 1999-2013 Regenstrief Institute, Inc. (see NOTICE).
"""
from __future__ import annotations

import re
from functools import lru_cache


def _words(said: str) -> frozenset[str]:
    return frozenset(said.split())


PREFIXES = _words("Y Z E P T G M k h da d c m u n p f a z y Ki Mi Gi Ti")
METRIC = _words("""
    m s g rad K C cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv l L ar t bar u eV pc [c] [h] [k] [eps_0] [mu_0]
    [e] [m_e] [m_p] [G] [g] [ly] gf Ky Gal dyn erg P Bi St Mx G Oe Gb sb Lmb ph Ci R RAD REM cal_[15] cal_[20] cal_m cal_IT
    cal_th cal tex m[H2O] m[Hg] eq osm g% kat U [iU] [IU] Np B B[SPL] B[V] B[mV] B[uV] B[10.nV] B[W] B[kW] st mho bit By Bd
""")
OTHERS = _words("""
    10* 10^ [pi] % [ppth] [ppm] [ppb] [pptr] gon deg ' '' min h d a_t a_j a_g a wk mo_s mo_j mo_g mo AU atm [lbf_av] [in_i]
    [ft_i] [yd_i] [mi_i] [fth_i] [nmi_i] [kn_i] [sin_i] [sft_i] [syd_i] [cin_i] [cft_i] [cyd_i] [bf_i] [cr_i] [mil_i] [cml_i]
    [hd_i] [ft_us] [yd_us] [in_us] [rd_us] [ch_us] [lk_us] [rch_us] [rlk_us] [fth_us] [fur_us] [mi_us] [acr_us] [srd_us]
    [smi_us] [sct] [twp] [mil_us] [in_br] [ft_br] [rd_br] [ch_br] [lk_br] [fth_br] [pc_br] [yd_br] [mi_br] [nmi_br] [kn_br]
    [acr_br] [gal_us] [bbl_us] [qt_us] [pt_us] [gil_us] [foz_us] [fdr_us] [min_us] [crd_us] [bu_us] [gal_wi] [pk_us] [dqt_us]
    [dpt_us] [tbs_us] [tsp_us] [cup_us] [foz_m] [cup_m] [tsp_m] [tbs_m] [gal_br] [pk_br] [bu_br] [qt_br] [pt_br] [gil_br]
    [foz_br] [fdr_br] [min_br] [gr] [lb_av] [oz_av] [dr_av] [scwt_av] [lcwt_av] [ston_av] [lton_av] [stone_av] [pwt_tr] [oz_tr]
    [lb_tr] [sc_ap] [dr_ap] [oz_ap] [lb_ap] [oz_m] [lne] [pnt] [pca] [pnt_pr] [pca_pr] [pied] [pouce] [ligne] [didot] [cicero]
    [degF] [degR] [degRe] [Cal] [Btu_39] [Btu_59] [Btu_60] [Btu_m] [Btu_IT] [Btu_th] [Btu] [HP] [den] [in_i'H2O] [in_i'Hg] [PRU]
    [wood'U] [diop] [p'diop] %[slope] [mesh_i] [Ch] [drp] [hnsf'U] [MET] [hp'_X] [hp'_C] [hp'_M] [hp'_Q] [hp_X] [hp_C] [hp_M]
    [hp_Q] [kp_X] [kp_C] [kp_M] [kp_Q] [pH] [S] [HPF] [LPF] [arb'U] [USP'U] [GPL'U] [MPL'U] [APL'U] [beth'U] [anti'Xa'U]
    [todd'U] [dye'U] [smgy'U] [bdsk'U] [ka'U] [knk'U] [mclg'U] [tb'U] [CCID_50] [TCID_50] [EID_50] [PFU] [FFU] [CFU] [IR] [BAU]
    [AU] [Amb'a'1'U] [PNU] [Lf] [D'ag'U] [FEU] [ELU] [EU] Ao b att [psi] circ sph [car_m] [car_Au] [smoot] [m/s2/Hz^(1/2)] [NTU]
    [FNU] bit_s
""")
UCUM = "http://unitsofmeasure.org"
LONGEST = 200
PART = re.compile(r"[^./(){}]+|\{[\x20-\x7a\x7c\x7e]*\}|[./()]")
EXPONENT = re.compile(r"(.*?[^+\-0-9])([+\-]?[0-9]+)", re.DOTALL)


def is_unit(code: str) -> bool:
    """Whether it can be read as a term: units and factors, with . and / between them, brackets, powers and annotations."""
    return 0 < len(code) <= LONGEST and code.isascii() and _is_term(code)


@lru_cache(maxsize=1024)
def _is_term(code: str) -> bool:
    parts = PART.findall(code)
    return "".join(parts) == code and _term(parts) == len(parts)


def _term(parts: list[str], at: int = 0, deep: int = 0) -> int:
    """The end of the term that begins at a part; -1 where none does."""
    if parts[at:at + 1] == ["/"]:
        at += 1
    while True:
        at = _component(parts, at, deep)
        if at < 0 or at >= len(parts) or parts[at] not in (".", "/"):
            return at
        at += 1


def _component(parts: list[str], at: int, deep: int) -> int:
    """A unit with its power, a factor, an annotation alone, or a term in brackets."""
    if at >= len(parts) or deep > 8:
        return -1
    if parts[at] == "(":
        end = _term(parts, at + 1, deep + 1)
        return end + 1 if 0 <= end < len(parts) and parts[end] == ")" else -1
    if parts[at].startswith("{"):
        return at + 1
    if not _annotatable(parts[at]):
        return -1
    return at + 2 if parts[at + 1:at + 2] and parts[at + 1].startswith("{") else at + 1


def _annotatable(said: str) -> bool:
    if said.isdigit():
        return True
    if _unit(said):
        return True
    match = EXPONENT.fullmatch(said)
    return match is not None and _unit(match[1])


def _unit(said: str) -> bool:
    return said in METRIC or said in OTHERS or any(said[:n] in PREFIXES and said[n:] in METRIC for n in (1, 2))

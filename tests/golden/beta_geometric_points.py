"""Random extreme points for BG/NBD and MBG/NBD, at 40 digits (mpmath).

Writes beta_geometric_points.json beside this file. The closed forms with hypergeometric functions
are evaluated with working digits to spare; the discounted purchases are integrals of the rate of
purchases over time. Nothing here shares a formula with the positive expectations of the crate
except the likelihood itself.

  python3 beta_geometric_points.py [draws per model]
"""

import json
import os
import random
import sys

from mpmath import beta, exp, gamma, hyp2f1, inf, log, loggamma, mp, mpf, nstr, quad

mp.dps = 60
DRAWS = int(sys.argv[1]) if len(sys.argv) > 1 else 110


def ln_beta(a, b):
    return loggamma(a) + loggamma(b) - loggamma(a + b)


def purchases_if_alive(A, a, B, y):
    """E[(1 - (1 + p y)^-A) / p], p ~ Beta(a, B), by Fader, Hardie & Lee (2005), equation 10."""
    if a == 1:
        a = a + mpf(10) ** -40  # the pole is removable
    with mp.workdps(130):
        closed = 1 - (1 + y) ** -A * hyp2f1(A, B, a + B - 1, y / (1 + y), maxterms=10**7)
        return +((a + B - 1) / (a - 1) * closed)


def rate_if_alive(A, a, B, y):
    """E[A (1 + p y)^-(A + 1)], purchases in a unit of y, by Pfaff's transformation."""
    return A * (1 + y) ** -a * hyp2f1(a + B - A - 1, a, a + B, y / (1 + y), maxterms=10**7)


def point(model, draw):
    r, alpha, a, b, x, t_x, T, t, delta = draw
    n = x if model == "bg_nbd" else x + 1
    r, alpha, a, b, delta = map(mpf, (r, alpha, a, b, delta))
    t_x, T, t = (mpf(d) / 7 for d in (t_x, T, t))
    head = loggamma(r + x) - loggamma(r) + r * log(alpha)
    alive = head + ln_beta(a, b + n) - ln_beta(a, b) - (r + x) * log(alpha + T)
    if n == 0:
        log_lik, p_alive = alive, mpf(1)
    else:
        gone = head + ln_beta(a + 1, b + n - 1) - ln_beta(a, b) - (r + x) * log(alpha + t_x)
        top = max(alive, gone)
        log_lik = top + log(exp(alive - top) + exp(gone - top))
        p_alive = 1 / (1 + exp(gone - alive))
    A, B, age = r + x, b + n, alpha + T
    y = t / age
    out = dict(log_lik=log_lik, p_alive=p_alive)
    out["p_alive_after"] = p_alive * (1 + y) ** -a * hyp2f1(
        a + B - A, a, a + B, y / (1 + y), maxterms=10**7)
    out["expected"] = p_alive * purchases_if_alive(A, a, B, y)
    # The distribution: N purchases if nobody dropped out, cut at the purchase after which
    # the customer did.
    pmf, below, stays = [], mpf(0), mpf(1)
    with mp.workdps(160):
        q = (1 + y) ** -A
        below += q
        pmf.append(1 - p_alive + p_alive * q)
        for k in range(1, 6):
            q = q * (A + k - 1) / k * y / (1 + y)
            below += q
            pmf.append(p_alive * stays * (q + (1 - below) * a / (a + B + k - 1)))
            stays = stays * (B + k - 1) / (a + B + k - 1)
    out["pmf"] = pmf
    with mp.workdps(40):
        def rate(u):
            return exp(-delta * age * u) * rate_if_alive(A, a, B, u)

        cuts = [mpf(0)]
        u = mpf("0.2") / (A + 1 + delta * age)
        while u < y:
            cuts.append(u)
            u *= 4
        out["discounted"] = p_alive * quad(rate, cuts + [y])
        end = 80 / (delta * age)
        cuts = [c for c in cuts if c < end]
        u = cuts[-1] * 4 if cuts[-1] > 0 else u
        while u < end:
            cuts.append(u)
            u *= 4
        out["forever"] = p_alive * quad(rate, cuts + [end])
    most = p_alive * A / (delta * age)
    if a > 1:
        most = min(most, p_alive * (a + B - 1) / (a - 1))
    room = 1 + mpf(10) ** -20
    if not (0 < out["discounted"] <= min(out["expected"], out["forever"]) * room
            and out["forever"] <= most * room):
        raise ValueError("the integral did not settle")
    return out


def draws(seed):
    rng = random.Random(seed)
    number = lambda low, high: "%.4g" % 10 ** rng.uniform(low, high)
    while True:
        r, alpha = number(-3, 2), number(-3, 6)
        a, b = number(-4, 2), number(-2, 3)
        if rng.random() < 0.15:
            a = "1"
        elif rng.random() < 0.15:
            a, b = "%.3f" % rng.uniform(0.01, 0.5), "%.3f" % rng.uniform(0.01, 0.49)
        x = rng.choice([0, 0, 1, 2, 5, 12, 40, 300, 2000])
        T = rng.choice([0, 1, 30, 272, 728, 3000, 20000]) if x == 0 else rng.choice(
            [1, 30, 272, 728, 3000, 20000])
        t_x = 0 if x == 0 else rng.choice([T, max(1, T - 1), max(1, T // 2), 1])
        t = rng.choice([1, 7, 273, 364, 3640, 35000])
        delta = rng.choice(["0.0001", "0.0018", "0.05"])
        yield r, alpha, a, b, x, t_x, T, t, delta


NAMES = ["r", "alpha", "a", "b", "x", "t_x_days", "T_days", "t_days", "delta"]
result = {"source": "mpmath %s, seeds 1 and 2; delta is the continuous discount a week; pmf is of "
          "0..5 purchases" % mp.__class__.__module__, "points": {}}
for seed, model in ((1, "bg_nbd"), (2, "mbg_nbd")):
    rows, stream = [], draws(seed)
    for _ in range(DRAWS):
        draw = next(stream)
        try:
            got = point(model, draw)
        except Exception as error:  # hypergeometric series that mpmath gives up on
            print(model, draw, error, file=sys.stderr)
            continue
        row = dict(zip(NAMES, draw))
        text = lambda v: nstr(v, 25)
        row.update({k: [text(p) for p in v] if k == "pmf" else text(v) for k, v in got.items()})
        rows.append(row)
        print(model, len(rows), file=sys.stderr)
    result["points"][model] = rows
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "beta_geometric_points.json")
with open(path, "w") as file:
    json.dump(result, file, indent=1)
    file.write("\n")

#!/usr/bin/env python3
"""Writes gamma_gamma_points.csv: Gamma-Gamma of single customers at 50 digits, over its domain.

Needs mpmath. Arguments are the shortest decimal strings of the doubles that are meant. `mean` is
`inf` where it is infinite; quantiles of the customer's own mean spend stand where the shape px + q
is from 0.02 to 200.
"""
import math, os, random
from mpmath import mp, mpf, loggamma, log, exp, gammainc, inf, nstr

mp.dps = 60
r = random.Random("gamma_gamma_points")


def wide(low, high):
    return float(10.0 ** r.uniform(low, high))


def parameter():
    return r.choice([wide(-6, 8), wide(-1, 2)])


def text(v):
    return "inf" if v == inf else nstr(v, 20, min_fixed=0, max_fixed=0)


def quantile(shape, level, p):
    """The p-quantile of the mean spend: the scale has the rest below it."""
    a = shape
    low_tail = lambda y: gammainc(a, 0, exp(y), regularized=True)
    start = log(a) if a > 1 else (log(1 - p) + loggamma(a + 1)) / a
    low, high = start - 60 / a - 5, log(a + 40 * (a ** 0.5 + 1))
    with mp.workdps(16):
        for _ in range(44):
            middle = (low + high) / 2
            low, high = (middle, high) if low_tail(middle) < 1 - p else (low, middle)
    y = (low + high) / 2
    for _ in range(3):
        t = low_tail(y)
        y -= (t - (1 - p)) / exp(a * y - exp(y) - loggamma(a))
    return level / exp(y)


rows = ["p,q,gamma,purchases,mean_spend,log_likelihood,mean,low,median,high"]
while len(rows) <= 400:
    p, q, g = parameter(), parameter(), r.choice([parameter(), wide(-6, 8)])
    if r.randrange(5) == 0:
        q = r.uniform(1e-6, 1.0)
    x = r.choice([1, 2, 3, r.randrange(1, 30), r.randrange(1, 3000)])
    if r.randrange(3) == 0:
        m = wide(-300, 300)
    else:
        least = min(p * x, q)
        m = p * g / q * math.exp(r.gauss(0, 1) / math.sqrt(least) if least > 0.1 else r.gauss(0, 3))
    P, Q, G, M = map(mpf, (p, q, g, m))
    s, total = P * x, x * M
    ll = (loggamma(s + Q) - loggamma(s) - loggamma(Q) + Q * log(G) + s * log(total) - log(M)
          - (s + Q) * log(G + total))
    below = s + Q - 1
    mean = P * (G + total) / below if below > 0 else inf
    if mean > mpf("1.7e308"):
        mean = inf
    cells = [repr(p), repr(q), repr(g), str(x), repr(m), text(ll), text(mean)]
    if 0.02 <= s + Q <= 200:
        with mp.workdps(35):
            cells += [text(quantile(s + Q, P * (G + total), mpf(k) / 20)) for k in (1, 10, 19)]
    else:
        cells += ["", "", ""]
    rows.append(",".join(cells))
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "gamma_gamma_points.csv"), "w") as out:
    out.write("\n".join(rows) + "\n")

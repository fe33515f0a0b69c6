#!/usr/bin/env python3
"""Writes special/*.csv: points of the functions of `src/num/special` at 50 digits.

    python3 special_functions.py [name ...]

Needs mpmath. One file a function. The first line names the columns; each further line holds the
arguments, as the shortest decimal strings of the doubles that are meant, and the value of the
function at exactly these doubles, to 20 digits. The seed is the name of the function.
"""
import math, os, random, sys
from mpmath import mp, mpf, loggamma, psi, beta, log, erfc, erfinv, gammainc, gamma, quad, exp, sqrt, nstr, findroot

mp.dps = 60
POINTS = 2200
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "special")


def text(v):
    return str(v) if isinstance(v, int) else repr(v)


def value(v):
    return nstr(v, 20, min_fixed=0, max_fixed=0)


def log_uniform(r, low, high):
    return float(10.0 ** r.uniform(low, high))


def near(r, points):
    """A double near one of the points: from far to the last bits."""
    at = r.choice(points)
    return float(at + r.choice([-1, 1]) * 10.0 ** r.uniform(-16, -0.7))


def positive(r, low, high, points):
    """Spread over the powers of ten, with as many near the points and in everyday sizes."""
    kind = r.randrange(4)
    if kind == 0:
        return near(r, points)
    if kind == 1:
        return r.uniform(1e-3, 50.0)
    return log_uniform(r, low, high)


def whole(r, high):
    return r.choice([r.randrange(0, 80), int(10.0 ** r.uniform(0, high))])


def ln_gamma(r):
    z = positive(r, -300, 300, [1.0, 2.0, 3.0, 10.0])
    return (z,), loggamma(mpf(z))


def ln_gamma_1p(r):
    z = r.choice([log_uniform(r, -30, 300), log_uniform(r, -20, 1), r.uniform(0, 3), near(r, [1.0])])
    with mp.workdps(100):
        return (z,), loggamma(1 + mpf(z))


def trigamma(r):
    z = positive(r, -150, 150, [1.0, 2.0, 10.0])
    return (z,), psi(1, mpf(z))


def two(r):
    a = positive(r, -12, 12, [1.0, 10.0])
    b = a if r.randrange(12) == 0 else positive(r, -12, 12, [1.0, 10.0])
    return a, b


def ln_beta(r):
    a, b = two(r)
    return (a, b), loggamma(mpf(a)) + loggamma(mpf(b)) - loggamma(mpf(a) + mpf(b))


def ln_rising(r):
    z, n = positive(r, -12, 15, [1.0, 10.0]), whole(r, 9.6)
    return (z, n), loggamma(mpf(z) + n) - loggamma(mpf(z))


def digamma_rise(r):
    z, n = positive(r, -12, 15, [1.0, 10.0]), whole(r, 9.6)
    return (z, n), psi(0, mpf(z) + n) - psi(0, mpf(z))


def trigamma_fall(r):
    z, n = positive(r, -12, 15, [1.0, 10.0]), whole(r, 9.6)
    return (z, n), psi(1, mpf(z)) - psi(1, mpf(z) + n)


def digamma_gain(r):
    z, d = two(r)
    return (z, d), psi(0, mpf(z) + mpf(d)) - psi(0, mpf(z))


def trigamma_loss(r):
    z, d = two(r)
    return (z, d), psi(1, mpf(z)) - psi(1, mpf(z) + mpf(d))


def normal_quantile(r):
    p = r.choice([log_uniform(r, -300, -0.31), r.uniform(0.0, 1.0), 1.0 - log_uniform(r, -15, -0.31)])
    p = min(max(p, 1e-300), 1 - 2.0 ** -53)
    if p == 0.5:
        p = 0.25
    lower = mpf(min(p, 1 - p)) if p < 0.5 else 1 - mpf(p)
    guess = -sqrt(-2 * log(lower)) if lower < 0.1 else sqrt(mpf(2)) * erfinv(2 * lower - 1)
    z = findroot(lambda y: log(erfc(-y / sqrt(mpf(2))) / 2) - log(lower), guess)
    return (p,), (z if p < 0.5 else -z)


def density(a, log_gamma_a):
    return lambda t: exp((a - 1) * log(t) - t - log_gamma_a)


def tail(a, x, upper):
    """A tail of the gamma distribution; by quadrature of the density where the shape is large."""
    if a < 300:
        return gammainc(a, x, mp.inf, regularized=True) if upper else gammainc(a, 0, x, regularized=True)
    f = density(a, loggamma(a))
    width = sqrt(a)
    if upper:
        ends = [x + k * width * s for k, s in ((i, mpf(3) / 2) for i in range(0, 30))]
    else:
        ends = [max(x - k * width * mpf(3) / 2, x * mpf("1e-30")) for k in range(0, 30)]
        ends = sorted(set(ends))
    return quad(f, ends)


def ln_gamma_tail(r):
    """The logarithm of a tail of the gamma distribution of this shape, at x = shape e^v."""
    a = r.choice([log_uniform(r, -6, 2), r.uniform(0.05, 60.0), log_uniform(r, 2, 11)])
    if a < 1:
        y = r.choice([r.uniform(-20, 3), r.uniform(-1 / a, 0) if a > 1e-3 else r.uniform(-2000, 0)])
        v = y - math.log(a)
    else:
        v = r.uniform(-6, 6) / math.sqrt(a)
    upper = r.randrange(2)
    with mp.workdps(40):
        t = tail(mpf(a), mpf(a) * exp(mpf(v)), upper == 1)
        return ((a, v, upper), log(t)) if t > mpf("1e-300") else None


FUNCTIONS = [ln_gamma, ln_gamma_1p, trigamma, ln_beta, ln_rising, digamma_rise, trigamma_fall, digamma_gain,
             trigamma_loss, normal_quantile, ln_gamma_tail]
COLUMNS = {"ln_gamma": "z", "ln_gamma_1p": "z", "trigamma": "z", "ln_beta": "a,b", "ln_rising": "z,n",
           "digamma_rise": "z,n", "trigamma_fall": "z,n", "digamma_gain": "z,d", "trigamma_loss": "z,d",
           "normal_quantile": "p", "ln_gamma_tail": "shape,ln_x_over_shape,upper"}

os.makedirs(HERE, exist_ok=True)
wanted = sys.argv[1:] or [f.__name__ for f in FUNCTIONS]
for f in FUNCTIONS:
    if f.__name__ not in wanted:
        continue
    r = random.Random(f.__name__)
    rows, seen = [], set()
    while len(rows) < POINTS:
        point = f(r)
        if point is None or point[0] in seen:
            continue
        seen.add(point[0])
        rows.append(",".join([*map(text, point[0]), value(point[1])]))
    with open(os.path.join(HERE, f.__name__ + ".csv"), "w") as out:
        out.write(COLUMNS[f.__name__] + ",value\n" + "\n".join(rows) + "\n")
    print(f.__name__, len(rows), flush=True)

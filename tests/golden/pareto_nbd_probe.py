"""Pareto/NBD and the scaled exponential integral at seeded random points over their whole domains.

    python pareto_nbd_probe.py model POINTS SEED > pareto_nbd_probe.json
    python pareto_nbd_probe.py integral POINTS SEED > exponential_integral.txt

Needs python-flint 0.9. All values are closed forms in ball arithmetic (differences of
hypergeometric functions after Fader & Hardie 2005, equations 18-20; exponential integrals), at a
precision that doubles until the ball is narrower than 40 digits, however much cancels; where that
takes more than 12,800 bits, and for the distribution of counts, certified integrals.
"""

import json
import math
import random
import sys

from flint import acb, arb, ctx

INTEGRALS = 0


def rising(f, bits=140, limit=12800):
    """f() at rising precision until its ball is narrow."""
    precision = 256
    while precision <= limit:
        ctx.prec = precision
        value = f()
        if value.is_finite() and value.rel_accuracy_bits() > bits:
            return value
        precision *= 2
    return None


def decay(a, p, b, q, length):
    """The integral of (1+y/a)^-p (1+y/b)^-q from 0 to length."""
    global INTEGRALS
    if length == 0:
        return arb(0)

    def tail(u):
        A, B, w = a + u, b + u, p + q - 1
        long, short, inner = (A, B, q) if A >= B else (B, A, p)
        series = acb(1 - short / long).hypgeom_2f1(acb(w), acb(inner), acb(w + 1)).real
        return series / w * (-w * long.log()).exp()

    value = None
    if max(p, q) < 20000:
        value = rising(lambda: (tail(arb(0)) - tail(length)) * (p * a.log() + q * b.log()).exp(), limit=3200)
    if value is None:
        INTEGRALS += 1
        ctx.prec = 400
        m = min(a, b)

        def f(v, _):
            e = v.exp()
            y = m * (e - 1)
            return m * (v - p * (1 + y / a).log() - q * (1 + y / b).log()).exp()

        value = acb.integral(f, acb(0), acb((1 + length / m).log()), eval_limit=10**6).real
    return value


def stay(B, s, delta, t):
    """The integral of (1+y/B)^-s e^(-delta y) from 0 to t; without an end for t None."""
    def tail(u):
        z = delta * (B + u)
        return (B + u) * (z + s * (B / (B + u)).log() - delta * u).exp() * acb(z).expint(acb(s)).real

    def f():
        if delta == 0:
            return B / (s - 1) * (1 - ((1 - s) * (1 + t / B).log()).exp())
        return tail(arb(0)) - (tail(t) if t is not None else 0)

    return rising(f)


def count(R, A, s, B, t, k):
    """P(k purchases in t) of a customer who is alive."""
    ctx.prec = 700
    ln_c = (R + k).lgamma() - R.lgamma() - arb(k + 1).lgamma()
    waits = -s * (1 + t / B).log() - R * (1 + t / A).log()
    at_end = (ln_c + waits + k * (t / (A + t)).log()).exp()

    def f(w, _):
        # w = ln(1 + u/m); the power of u is written without its logarithm, which has a branch at 0.
        u = m * (w.exp() - 1)
        rest = ln_c - (R + k) * (1 + u / A).log() - (s + 1) * (1 + u / B).log() + w
        return (u / A) ** k * rest.exp() * (s / B * m)

    m = min(A, B)
    end = (1 + t / m).log()
    return at_end + acb.integral(f, acb(0), acb(end), eval_limit=10**6).real


def log_uniform(rng, low, high):
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def point(rng):
    kind = rng.random()
    wide = kind < 0.6
    shape = (1e-6, 1e8) if kind < 0.3 else (1e-6, 1e3) if wide else (0.05, 20.0)
    scale = (1e-6, 1e8) if wide else (0.5, 300.0)
    values = {name: log_uniform(rng, *(shape if name in "rs" else scale)) for name in ("r", "alpha", "s", "beta")}
    x = rng.choice([0, 0, 1, 2, 3, 7, int(log_uniform(rng, 1, 5000))])
    age = rng.choice([float(rng.randint(0, 2000)), float(rng.randint(1, 30)), log_uniform(rng, 1e-3, 40000.0)])
    near = rng.choice([1.0, 1.0 - log_uniform(rng, 1e-6, 0.1), rng.random(), log_uniform(rng, 1e-5, 1.0)])
    last = 0.0 if x == 0 else min(age, age * near)
    days = rng.choice([1, 7, 273, 364, rng.randint(1, 40000)])
    annual = log_uniform(rng, 1e-5, 2.0)
    return values, x, last, age, days, annual


def text(value):
    """The digits, or nothing where they are not known."""
    if value is None or not value.is_finite() or value.rel_accuracy_bits() < 60:
        return None
    return value.str(25, radius=False)


def row_of(values, x, last, age, days, annual):
    ctx.prec = 700
    r, alpha, s, beta = (arb(values[name]) for name in ("r", "alpha", "s", "beta"))
    t_x, T, t = arb(last) / 7, arb(age) / 7, arb(days) / 7
    delta = (1 + arb(annual)).log() / (arb(36525) / 700)
    R, a, b = r + x, alpha + t_x, beta + t_x
    gap = T - t_x
    gone = arb(0) if last == age else s / b * decay(a, R, b, s + 1, gap)
    ctx.prec = 700
    waits = (-R * (1 + gap / a).log() - s * (1 + gap / b).log()).exp()
    mass = waits + gone
    level = R.lgamma() - r.lgamma() - r * (1 + t_x / alpha).log() - s * (1 + t_x / beta).log() - x * a.log()
    if x == 0:
        level = arb(0)
    alive = waits / mass
    A, B = alpha + T, beta + T
    rate = R / A
    expected = stay(B, s, arb(0), t)
    row = dict(values, x=x, t_x_days=last, T_days=age, days=days, annual=annual)
    row["log_lik"] = text(level + mass.log())
    row["p_alive"] = text(alive)
    row["p_alive_after"] = text(alive * (-s * (1 + t / B).log()).exp())
    row["p_active"] = text(alive * rate * decay(A, R + 1, B, s, t))
    row["expected"] = text(alive * rate * expected)
    finite, forever = stay(B, s, delta, t), stay(B, s, delta, None)
    row["discounted"] = text(alive * rate * finite) if finite is not None else None
    row["discounted_for_ever"] = text(alive * rate * forever) if forever is not None else None
    row["expected_of_new"] = text(r / alpha * stay(beta, s, arb(0), t))
    counts = {}
    middle = int(min(float((rate * expected).mid()), 300))
    for k in sorted({0, 1, middle, min(2 * middle + 3, 400)}):
        digits = text(alive * count(R, A, s, B, t, k) + (1 - alive if k == 0 else 0))
        if digits is not None:
            counts[str(k)] = digits
    row["counts"] = counts
    return row


def model(points, seed):
    rng = random.Random(seed)
    rows = []
    for i in range(points):
        rows.append(row_of(*point(rng)))
        print(i, file=sys.stderr)
    print('{"source": "pareto_nbd_probe.py model %d %d; times in days, parameters per week",' % (points, seed))
    print(' "by_integrals": %d,\n "points": [' % INTEGRALS)
    print(",\n".join("  " + json.dumps(row) for row in rows))
    print("]}")


def integral(points, seed):
    """s, z and e^z E_s(z)."""
    rng = random.Random(seed)
    for i in range(points):
        wide = i % 2 == 0
        s = log_uniform(rng, 1e-6, 1e8) if wide else rng.choice([1.0, 2.0, rng.uniform(0.01, 20)])
        z = log_uniform(rng, 1e-12, 1e12) if wide else log_uniform(rng, 1e-4, 100.0)
        value = rising(lambda: arb(z).exp() * acb(z).expint(acb(s)).real)
        if value is not None:
            print(repr(s), repr(z), value.str(20, radius=False))


if __name__ == "__main__":
    {"model": model, "integral": integral}[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))

"""BG/BB and sBG at random extreme points, with mpmath at 80 digits; writes discrete_50_digits.json.

Sums are taken term by term from their definitions (Fader, Hardie & Shang 2010; Fader & Hardie 2007
and 2010).
"""
import json
import random

from mpmath import beta, log, mp, mpf, nstr, rf

mp.dps = 80
rng = random.Random(20100101)


def span(low, high):
    return f"{10 ** rng.uniform(low, high):.6g}"


def rate():
    return span(-4, -3) if rng.random() < 0.1 else span(-3, 0)


def text(value):
    return nstr(value, 40, min_fixed=1, max_fixed=0)


def pick_parameters():
    kind = rng.random()
    if kind < 0.5:
        return [span(-1, 1.5) for _ in range(4)]
    if kind < 0.8:
        return [span(-3, 4) for _ in range(4)]
    return [span(-6, 8) for _ in range(4)]


def pick_record():
    n = rng.choice([1, 2, 6, 6, 24, 104, 365, 1000, 3000])
    x = rng.choice([0, 1, n, rng.randint(0, n), min(n, rng.randint(0, 5))])
    if x == 0:
        return 0, 0, n
    return x, rng.choice([x, n, rng.randint(x, n)]), n


def survive(a, b, t):
    """Chance to live through t opportunities, the chance to die at each being Beta(a, b)."""
    return rf(b, t) / rf(a + b, t)


def running(first, count, ratio):
    terms = [first]
    for k in range(count):
        terms.append(terms[-1] * ratio(k))
    return terms


def endless(a, b, d):
    """2F1(1, b; a+b; 1/(1+d)): its series to 45 digits, in whole multiples of 2^-280."""
    unit = mpf(10) ** 24
    a, b, d, one = int(a * unit), int(b * unit), int(d * unit), int(unit)
    total, term = 0, 1 << 280
    while term * one > total * d >> 150:
        total += term
        term = term * b // (a + b) * one // (one + d)
        b += one
    return mpf(total) / (mpf(1 << 280))


def fates(al, be, ga, de, x, t_x, n):
    """Chances of: alive at n; died after t_x, .., n - 1."""
    buys = beta(al + x, be + t_x - x) / beta(al, be)
    a = running(buys, n - t_x, lambda k: (be + t_x - x + k) / (al + be + t_x + k))
    d = running(beta(ga + 1, de + t_x) / beta(ga, de), max(n - t_x - 1, 0),
                lambda k: (de + t_x + k) / (ga + de + t_x + k + 1))
    alive = a[-1] * survive(ga, de, n)
    return alive, mp.fsum(a[k] * d[k] for k in range(n - t_x))


def of_new(al, be, ga, de, h, up_to):
    """P(0..up_to purchases in h opportunities) of somebody alive."""
    s = running(mpf(1), h, lambda k: (de + k) / (ga + de + k))
    result = []
    for y in range(up_to + 1):
        if y > h:
            result.append(mpf(0))
            continue
        w = running(rf(al, y) / rf(al + be, y), h - y,
                    lambda k: (y + k + 1) * (be + k) / ((k + 1) * (al + be + y + k)))
        total = w[-1] * s[h]
        for t in range(y, h):
            total += w[t - y] * (s[t] - s[t + 1])
        result.append(total)
    return result


bg_bb = []
while len(bg_bb) < 160:
    strings = pick_parameters()
    al, be, ga, de = (mpf(s) for s in strings)
    x, t_x, n = pick_record()
    h = rng.choice([1, 5, 52, 400])
    up_to = rng.choice([1, 4, 12])
    d = rate()
    alive, dead = fates(al, be, ga, de, x, t_x, n)
    whole = alive + dead
    if log(whole) < -600:
        continue
    p = alive / whole
    new = of_new(al + x, be + n - x, ga, de + n, h, up_to)
    share = (al + x) / (al + be + n)
    s = running(mpf(1), h, lambda k: (de + n + k) / (ga + de + n + k))
    q = 1 / (1 + mpf(d))
    first = (de + n) / (ga + de + n)
    bg_bb.append({
        "alpha": strings[0], "beta": strings[1], "gamma": strings[2], "delta": strings[3],
        "x": x, "t_x": t_x, "n": n, "h": h, "d": d,
        "log_lik": text(log(whole)), "p_alive": text(p), "p_alive_after_h": text(p * s[h]),
        "p_active": text(p * (1 - new[0])), "expected": text(p * share * mp.fsum(s[1:])),
        "distribution": [text(1 - p + p * new[0])] + [text(p * v) for v in new[1:]],
        "discounted_h": text(p * share * mp.fsum(s[i] * q**i for i in range(1, h + 1))),
        "dert": text(p * share * first * q * endless(ga, de + n + 1, mpf(d))),
    })

sbg = []
while len(sbg) < 140:
    wide = rng.random() < 0.4
    strings = [span(-4, 6) if wide else span(-2, 2) for _ in range(2)]
    a, b = (mpf(s) for s in strings)
    t = rng.choice([1, 2, 8, 100, 1000, 5000])
    h = rng.choice([1, 12, 365, 3000])
    d = rate()
    q = 1 / (1 + mpf(d))
    s = running(mpf(1), h, lambda k: (b + k) / (a + b + k))
    sbg.append({
        "alpha": strings[0], "beta": strings[1], "t": t, "h": h, "d": d,
        "log_survival": text(log(survive(a, b, t))),
        "log_pmf": text(log(survive(a, b, t - 1) * a / (a + b + t - 1))),
        "retention": text((b + t - 1) / (a + b + t - 1)),
        "del": text(endless(a, b, mpf(d))),
        "del_h": text(mp.fsum(s[i] * q**i for i in range(h))),
        "derl": text((b + t - 1) / (a + b + t - 1) * endless(a, b + t, mpf(d))),
        "survival_h": text(s[h]),
    })

with open(__file__.replace(".py", ".json"), "w", encoding="ascii") as file:
    json.dump({"source": "mpmath at 80 digits, 40 kept", "bg_bb": bg_bb, "sbg": sbg}, file, indent=1)
    file.write("\n")

"""Writes reference.json: what SciPy says of the samples beside its answers. Run with `python reference.py`."""

import json
import pathlib
import random

import numpy as np
import scipy
import scipy.stats as st

random.seed(20)


def sample(count, shift=0.0, step=None):
    numbers = [random.gauss(shift, 1) for _ in range(count)]
    return [round(x / step) * step for x in numbers] if step else [round(x, 6) for x in numbers]


signed = []
for count, shift, step in [(6, 0.5, None), (12, 0.3, None), (25, 0.2, None), (60, -0.2, None), (150, 0.1, None),
                           (9, 0.4, 0.5), (12, -0.4, 0.5), (300, 0.05, None), (400, 0.1, 0.25)]:
    differences = sample(count, shift, step)
    moved = [x for x in differences if x != 0]
    for alternative in ["two-sided", "greater", "less"]:
        if len(moved) > 200:
            answer = st.wilcoxon(differences, alternative=alternative, method="asymptotic", correction=True)
        elif step:
            # All sign patterns: exact with ties.
            ranks = st.rankdata(np.abs(moved))
            observed = float(np.sum(ranks[np.array(moved) > 0]))
            signs = (np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved))) & 1
            sums = signs @ ranks
            upper, lower = float(np.mean(sums >= observed - 1e-9)), float(np.mean(sums <= observed + 1e-9))
            p = {"greater": upper, "less": lower, "two-sided": min(1, 2 * min(upper, lower))}[alternative]
            signed.append(dict(differences=differences, alternative=alternative, p=p))
            continue
        else:
            answer = st.wilcoxon(differences, alternative=alternative, method="exact")
        signed.append(dict(differences=differences, alternative=alternative, p=float(answer.pvalue)))

unpaired = []
for n, m, shift, step in [(4, 5, 1, None), (8, 12, 0.5, None), (30, 20, -0.3, None), (80, 90, 0.2, None),
                          (5, 6, 0.5, 0.5), (60, 70, 0.3, 0.5)]:
    first, second = sample(n, shift, step), sample(m, 0, step)
    for alternative in ["two-sided", "greater", "less"]:
        if step and n * m <= 2500:
            method = st.PermutationMethod(n_resamples=np.inf)
            answer = st.mannwhitneyu(first, second, alternative=alternative, method=method)
        else:
            method = "exact" if n * m <= 2500 else "asymptotic"
            answer = st.mannwhitneyu(first, second, alternative=alternative, method=method)
        unpaired.append(dict(first=first, second=second, alternative=alternative, u=float(answer.statistic),
                             p=float(answer.pvalue)))

bootstrap = []
for name, statistic in [("mean", np.mean), ("deviation", np.std)]:
    numbers = [round(float(x), 6) for x in np.random.default_rng(5).exponential(size=40)]
    answer = st.bootstrap((numbers,), statistic, method="BCa", n_resamples=200_000, random_state=1)
    bootstrap.append(dict(numbers=numbers, statistic=name, lower=float(answer.confidence_interval.low),
                          upper=float(answer.confidence_interval.high)))

path = pathlib.Path(__file__).with_name("reference.json")
path.write_text(json.dumps(dict(scipy=scipy.__version__, signed=signed, unpaired=unpaired, bootstrap=bootstrap)))

"""What the name and the values of a metric tell: whether more is better, and its range."""

import math
import re
from itertools import pairwise

from projektor_ray.errors import InputError
from projektor_ray.runs.column_names import vocabulary, words
from projektor_ray.selection import Direction
from projektor_ray.storage.array_types import Floats

Bounds = tuple[float, float]

LOWER_IS_BETTER = vocabulary(
    "loss losses logloss valloss error errors err perplexity ppl rmse mse mae mape smape "
    "rmsle nll bpb bpc ce xent crossentropy wer cer eer fid kl divergence brier deviance "
    "hinge regret fpr fnr misclassification"
)
HIGHER_IS_BETTER = vocabulary(
    "accuracy acc f1 f2 auc auroc auprc precision recall r2 iou miou bleu rouge mcc ndcg mrr "
    "kappa dice psnr ssim reward match em likelihood loglik lik loglikelihood logprob elbo tpr "
    "tnr specificity sensitivity spearman pearson winrate"
)
WEAK_HIGHER = vocabulary("score scores")
"""Words that tell the direction only where no other does: a Brier score is an error."""
NEGATIONS = vocabulary("neg negative negated minus")
"""Words that change the sign, and with it the direction."""
REDUCTIONS = vocabulary("reduction decrease drop inverse inv reciprocal")
"""Words that change the direction, but not the sign."""
IMPROVEMENTS = vocabulary("improvement gain")
"""Words after which more is better, whatever they are of."""
DERIVED = vocabulary(
    "gap delta diff difference std dev stdev stddev stderr deviation variance var spread range "
    "time seconds duration rank change changes reduced decline declined lowered saved savings "
    "avoided recovered inverted flipped opposite signed"
)
"""Words of what is computed from a metric, or measured on the way to it, and is none itself."""
LENGTHS = vocabulary("steps epochs iterations tokens samples examples updates rounds flops")
"""Words of how long a training takes to reach a value: `steps_to_accuracy`."""
UNDESIRED = vocabulary(
    "toxicity toxic harm harmful harmfulness violation violations risk anomaly outlier penalty "
    "failure failures hallucination hallucinations bias uncertainty entropy energy interval "
    "winkler log logarithmic distance dissimilarity complexity attack leakage contamination"
)
"""Words of what one may want little of, so that a score of it tells no direction."""
LOGARITHMS = vocabulary("log ln log2 log10 logarithm db")
"""Words of a logarithm, which is below 0 for every loss below 1."""
COUNTED = vocabulary(
    "shot best gram grams nn step steps hop hot epoch pass way day hour layer bit vs of to"
)
"""Words of what `1-` counts, so that `1-shot accuracy` is not 1 minus something."""
BOUNDED = vocabulary("accuracy acc f1 auc auroc auprc precision recall")
SIGNED = vocabulary(
    "nll likelihood loglik lik loglikelihood logprob elbo kl divergence r2 mcc kappa spearman "
    "pearson reward psnr"
)
"""Quantities that may have either sign, so that the sign of the values tells nothing."""
LIKELIHOODS = vocabulary("likelihood loglik lik loglikelihood logprob elbo")
"""Quantities whose negation is a loss with a name of its own, the NLL."""
DENSITIES = vocabulary("nll kl divergence")
"""Losses that may be below 0, of a density, so that such values need not be negated."""
TURNING = (REDUCTIONS, IMPROVEMENTS)

ASK = "say direction 'maximize' or 'minimize' (--direction maximize on the command line)"


def names_a_metric(name: str) -> bool:
    """Whether one of its words is that of a metric: `val_loss`, `top-1 accuracy`."""
    return bool(_terms(name) & (LOWER_IS_BETTER | HIGHER_IS_BETTER | WEAK_HIGHER))


def guess_bounds(metric: str, lowest: float | None = None) -> Bounds | None:
    """(0, 1) where the metric's name is that of an accuracy or the like; else None.

    (−1, 0) of a negated one; (0, ∞) of a loss or an error; None of a difference, such as
    `accuracy_drop`, and of a loss that may be below 0, such as an NLL.

    Parameters
    ----------
    lowest : the lowest value, which is 0 or more of a loss; None where there are no values.
    """
    terms = _terms(metric)
    if _is_length(metric):
        return None
    if _is_loss(metric, terms) and lowest is not None and lowest >= 0:
        return (0.0, math.inf)
    if not terms & BOUNDED:
        return None
    if terms & (REDUCTIONS | IMPROVEMENTS | LOWER_IS_BETTER | DERIVED):
        return None
    return (-1.0, 0.0) if terms & NEGATIONS and not _complement(metric) else (0.0, 1.0)


def guess_direction(metric: str, highest: float | None = None) -> Direction:
    """Whether more is better, by the metric's name and the sign of its values.

    A negation turns the direction of a name round: `neg_log_loss` is to be maximized. So do values
    that are all at most 0 where the name is that of a loss.

    Parameters
    ----------
    highest : the highest value; None where there are no values.

    Raises
    ------
    InputError
        If the name does not tell, tells both, or is at odds with the values.
    """
    terms = _terms(metric)
    complement = _complement(metric)
    lower = bool(terms & LOWER_IS_BETTER)
    higher = bool(terms & HIGHER_IS_BETTER)
    if terms & DERIVED or _is_length(metric):
        raise _ambiguous_direction(metric, "is that of something else than a metric itself")
    turns = [complement or bool(terms & NEGATIONS), *(bool(terms & w) for w in TURNING)]
    if sum(turns) > 1 or re.match(r"1\s*/", metric.strip()):
        raise _ambiguous_direction(metric, "turns the direction in a way that can be read in two")
    if terms & IMPROVEMENTS:
        return "maximize"
    if lower and higher:
        raise _ambiguous_direction(
            metric, "has words of metrics to minimize and of metrics to maximize"
        )
    if not lower and not higher and (not terms & WEAK_HIGHER or terms & UNDESIRED):
        raise _ambiguous_direction(metric, "does not tell whether more is better")
    turned = any(turns)
    unclear = lower and not turned and bool(terms & (DENSITIES | LOGARITHMS))
    if unclear and highest is not None and highest <= 0:
        raise _ambiguous_direction(
            metric, "is that of a loss, but no value is above 0: it may be negated"
        )
    if highest is not None and not terms & (SIGNED | REDUCTIONS) and not complement:
        if turned and highest > 0:
            raise _ambiguous_direction(
                metric, f"is that of a negated value, but values reach {highest:g}"
            )
        if not turned and higher and highest < 0:
            raise _ambiguous_direction(
                metric, f"is that of a value above 0, but none is above {highest:g}"
            )
        turned = turned or (lower and highest <= 0)
    return "minimize" if lower != turned else "maximize"


def _is_loss(metric: str, terms: frozenset[str]) -> bool:
    """Whether a name is that of a loss or an error that cannot be below 0."""
    others = HIGHER_IS_BETTER | WEAK_HIGHER | DERIVED | NEGATIONS | REDUCTIONS | IMPROVEMENTS
    signed = SIGNED | LOGARITHMS | {"deviance"}
    named = terms & LOWER_IS_BETTER and not terms & (others | signed)
    return bool(named) and not _complement(metric)


def unbounded_note(metric: str, values: Floats, bounds: Bounds | None) -> str:
    """That a metric which could be an accuracy has no known bounds; else empty."""
    lower = _terms(metric) & LOWER_IS_BETTER
    if bounds is not None or lower or values.min() < 0 or values.max() > 1:
        return ""
    return (
        f"no bounds are known for {metric!r}, so predictions may pass 0 and 1; if it is an "
        "accuracy or the like, say --bounds 0,1: the model is another then"
    )


def _ambiguous_direction(metric: str, why: str) -> InputError:
    return InputError(f"the name of the metric {metric!r} {why}; {ASK}")


def _complement(metric: str) -> bool:
    """Whether the name is of 1 minus a metric: `1-accuracy`, `1 - val_f1`, `one_minus_error`."""
    written = re.search(
        r"(?:^|[/.\s(])(?:1|one)(?:[-_\s]*minus[-_\s]*|\s*[-\u2212]\s*)(.+)", metric.lower()
    )
    rest = words(written[1]) if written else ()
    counted = not rest or rest[0] in COUNTED or rest[0].isdecimal()
    return not counted and bool(_terms(" ".join(rest)) & (LOWER_IS_BETTER | HIGHER_IS_BETTER))


def _is_length(metric: str) -> bool:
    """Whether the name is of how long a training takes to reach a value: `tokens_to_loss`."""
    return any(first in LENGTHS and then == "to" for first, then in pairwise(words(metric)))


def _terms(metric: str) -> frozenset[str]:
    """Words of the name, and the short forms of some that are written in several."""
    words_of_name = words(metric)
    terms = set(words_of_name) | {
        word.rstrip("0123456789") for word in words_of_name if word.startswith("acc")
    }
    for rate in ("negative", "positive"):
        for truth in ("true", "false"):
            if {truth, rate, "rate"} <= terms:
                terms = terms - {rate} | {f"{truth[0]}{rate[0]}r"}
    if {"cross", "entropy"} <= terms:
        terms.add("xent")
    if ("log", "loss") in pairwise(words_of_name):
        terms = terms - {"log"} | {"logloss"}
    if {"bits", "per"} <= terms:
        terms.add("bpb")
    if re.match(r"[\s(]*[-\u2212]", metric) or re.search(r"[*x×][\s_(]*[-\u2212]1\b", metric):
        terms.add("minus")
    if terms & NEGATIONS and terms & LIKELIHOODS:
        terms = terms - NEGATIONS - LIKELIHOODS | {"nll"}
    return frozenset(terms)

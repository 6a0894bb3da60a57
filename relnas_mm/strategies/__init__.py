"""Search strategies choose the next architectures from vectors and losses; they know neither data nor training."""

from relnas_mm.strategies.bananas import BANANAS
from relnas_mm.strategies.base import Candidate, Group, Scored, Strategy, nonfinite_to_inf, teachers_first
from relnas_mm.strategies.bayesian import BayesianSlowFastLearning
from relnas_mm.strategies.evolution import RegularizedEvolution
from relnas_mm.strategies.local_search import LocalSearch
from relnas_mm.strategies.macro_micro import MacroMicroSearch
from relnas_mm.strategies.npenas import NPENAS
from relnas_mm.strategies.random_search import RandomSearch
from relnas_mm.strategies.refereed import RefereedLearning
from relnas_mm.strategies.renas import ReNAS
from relnas_mm.strategies.sequential import SequentialStrategy
from relnas_mm.strategies.slow_fast import SlowFastLearning, slow_fast_update

__all__ = [
    "BANANAS",
    "NPENAS",
    "BayesianSlowFastLearning",
    "Candidate",
    "Group",
    "LocalSearch",
    "MacroMicroSearch",
    "RandomSearch",
    "ReNAS",
    "RefereedLearning",
    "RegularizedEvolution",
    "Scored",
    "SequentialStrategy",
    "SlowFastLearning",
    "Strategy",
    "nonfinite_to_inf",
    "slow_fast_update",
    "teachers_first",
]

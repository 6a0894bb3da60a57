"""Strategies: which architecture next.  They know vectors and losses; no data and no training."""

from relnas_mm.strategies.evolution import RegularizedEvolution
from relnas_mm.strategies.local_search import LocalSearch
from relnas_mm.strategies.macro_micro import MacroMicroSearch
from relnas_mm.strategies.random_search import RandomSearch
from relnas_mm.strategies.refereed import RefereedLearning
from relnas_mm.strategies.renas import ReNAS
from relnas_mm.strategies.sequential import SequentialStrategy
from relnas_mm.strategies.slow_fast import SlowFastLearning, slow_fast_update
from relnas_mm.strategies.strategy import Candidate, Group, Scored, Strategy, comparable, teachers_first

__all__ = [
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
    "comparable",
    "slow_fast_update",
    "teachers_first",
]

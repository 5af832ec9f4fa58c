"""Pseudonyms: two friendly English words that say nothing of a person, "amber-otter"."""

import secrets
from collections.abc import Callable

__all__ = ["draw"]

MANNERS = """
amber agile ample aqua arctic autumn azure balmy bold brave breezy bright brisk bronze calm candid cheerful chestnut civil clear clever cloudy
copper coral cosmic cosy crimson crisp curious dapper daring dawn deft eager early earnest ebony elegant emerald fair famous fearless fleet
fluent fond frank frosty gentle gilded glad golden graceful grand hardy hazel honest humble indigo ivory jade jolly jovial keen kind lilac lively
loyal lucid lucky lunar maple marble mellow merry mild misty modest neat nimble noble olive opal orchid patient peaceful pearly plucky polite
proud prudent quick quiet radiant rapid ruby rustic saffron sandy sapphire scarlet serene sharp silent silver smart snowy solar spry stellar
steady sturdy subtle sunny swift tidy topaz tranquil trusty upbeat velvet violet vivid warm willow windy wise witty zesty
"""
ANIMALS = """
alpaca antelope armadillo avocet badger beaver bee beetle bison bittern bluebird bobcat buffalo bullfinch bunting butterfly camel caracal caribou
cheetah chickadee chipmunk cicada condor coot corgi cormorant coyote crane cricket curlew deer dingo dolphin dormouse dove dragonfly duck eagle
egret eider elk ermine falcon ferret finch firefly flamingo fox gannet gazelle gecko gibbon giraffe goldfinch goose grebe grouse gull hare hawk
hedgehog heron hoopoe hornbill ibex ibis iguana impala jackdaw jaguar jay kestrel kingfisher kite kiwi koala kudu lapwing lark lemur leopard
linnet llama lobster lynx macaw magpie mallard manatee marmot marten meerkat mole mongoose moose moth narwhal newt nightingale nuthatch ocelot
octopus okapi orca oriole oryx osprey otter owl oyster panda panther parrot partridge pelican penguin petrel pheasant pika pipit plover pony
porcupine porpoise puffin puma quail quokka rabbit raccoon raven reindeer robin salmon sandpiper seahorse seal serval shearwater shrew skylark
sparrow squid squirrel starling stoat stork swallow swan swift tapir tern thrush tiger toucan trout turtle viscacha vole wagtail walrus warbler
weasel whale wigeon wolf wombat woodcock woodpecker wren yak zebra
"""
TRIES = 30


def draw(taken: Callable[[str], bool]) -> str:
    """A pseudonym that is not taken; when the words alone become scarce, with a number behind them."""
    manners, animals = MANNERS.split(), ANIMALS.split()
    for attempt in range(1000):
        words = f"{secrets.choice(manners)}-{secrets.choice(animals)}"
        name = words if attempt < TRIES else f"{words}-{secrets.randbelow(9000) + 1000}"
        if not taken(name):
            return name
    raise RuntimeError("no pseudonym is free")  # more people than a thousand draws of a hundred million can miss

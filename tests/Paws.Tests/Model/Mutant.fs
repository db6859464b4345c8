/// Mistakes that people really make in these losses, planted one at a time. Each mutant is given to the laws of the part that it
/// stands for; the suite is good for something only if all of them are caught.
module Paws.Tests.Model.Mutant

open TorchSharp
open Paws.Laws
open Paws.Model

type Mutant = { Mistake: string; Laws: Law list }

let mutant mistake laws = { Mistake = mistake; Laws = laws }

/// What several mutants are made of.
let unit = Numerics.l2Normalise

let cosines (a: torch.Tensor) (b: torch.Tensor) = (unit a).mm((unit b).t())

let half (a: torch.Tensor) b = Scalars.add a b |> Scalars.multiply 0.5

namespace Paws.Model

open TorchSharp

/// Small numerical helpers shared by the losses.
[<RequireQualifiedAccess>]
module Numerics =

    /// Rows scaled to unit length.
    let l2Normalise (x: torch.Tensor) =
        torch.nn.functional.normalize (x, p = 2.0, dim = 1L, eps = 1e-12)

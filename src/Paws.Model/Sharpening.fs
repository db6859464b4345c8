namespace Paws.Model

open TorchSharp

/// Sharpening ρ (section 3 of the paper): moves a distribution towards its arg-max.
[<RequireQualifiedAccess>]
module Sharpening =

    /// ρ(p)ₖ = pₖ^(1/T) / Σⱼ pⱼ^(1/T), row by row, [n,k] → [n,k].
    ///
    /// temperature T in (0, 1]; 1 changes nothing, towards 0 only the arg-max is left. p: rows that are distributions.
    /// A uniform row stays uniform. Differentiable.
    let sharpen (temperature: float) (p: torch.Tensor) =
        Checks.unitInterval "sharpening temperature" temperature
        use scope = torch.NewDisposeScope()
        // ρ does not depend on the scale of p, so dividing by the (constant) largest entry changes neither value nor
        // gradient, and keeps the powers of many small probabilities from vanishing all together.
        let largest = p.detach().amax([| 1L |], keepdim = true) // [n,k] → [n,1]
        let powers = p.div largest |> Scalars.power (1.0 / temperature)
        powers.div(powers.sum (1L, keepdim = true)).MoveToOuterDisposeScope()

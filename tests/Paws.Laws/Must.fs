namespace Paws.Laws

open System
open TorchSharp
open Paws.Model

/// A law does not hold; the message says what was compared and by how much it is off.
exception LawBroken of string with
    override this.Message = this.Data0

/// What laws claim about numbers and tensors.
[<RequireQualifiedAccess>]
module Must =

    let private broken message = raise (LawBroken message)

    let hold what condition =
        if not condition then
            broken what

    /// The one number of a tensor of any type.
    let value (x: torch.Tensor) = Scalars.value x

    let private shape (x: torch.Tensor) = "[" + String.Join(',', x.shape) + "]"

    /// No element differs by more than the tolerance: absolute where nothing expected is above 1, else relative to the largest.
    let agreeWithin tolerance what (expected: torch.Tensor) (actual: torch.Tensor) =
        if not (Linq.Enumerable.SequenceEqual(expected.shape, actual.shape)) then
            broken $"{what}: shape {shape actual} instead of {shape expected}"

        use scope = torch.NewDisposeScope()

        let expected, actual =
            expected.detach().to_type torch.float64, actual.detach().to_type torch.float64

        let scale = max 1.0 (value (expected.abs().max()))
        let off = value ((expected.sub actual).abs().max()) / scale

        if not (off <= tolerance) then
            broken $"{what}: off by {off:g3}, more than {tolerance:g3}"

    /// As above, to 1e-10.
    let agree what expected actual = agreeWithin 1e-10 what expected actual

    /// Two numbers, to 1e-10 of the larger of 1 and what is expected.
    let equal what (expected: float) (actual: float) =
        if not (abs (expected - actual) <= 1e-10 * max 1.0 (abs expected)) then
            broken $"{what}: {actual:g9} instead of {expected:g9}"

    /// least ≤ every element ≤ most, to 1e-10.
    let lieIn what (least: float) (most: float) (x: torch.Tensor) =
        use scope = torch.NewDisposeScope()
        let lowest, highest = value (x.min ()), value (x.max ())

        if not (lowest >= least - 1e-10 && highest <= most + 1e-10) then
            broken $"{what}: from {lowest:g6} to {highest:g6}, outside [{least:g6}, {most:g6}]"

    /// Every element of smaller is at most that of larger, to 1e-10.
    let notExceed what (smaller: torch.Tensor) (larger: torch.Tensor) =
        use scope = torch.NewDisposeScope()
        let gap = value ((larger.sub smaller).min())

        if not (gap >= -1e-10) then
            broken $"{what}: too large by {-gap:g3}"

    /// A gradient that did not arrive is none, and finite.
    let beFinite what (x: torch.Tensor) =
        if not (isNull x) && not (x.isfinite().all().item<bool>()) then
            broken $"{what} is not finite"

    /// Rows [n,k] without negative entries that sum to 1.
    let beDistributions what (rows: torch.Tensor) =
        use scope = torch.NewDisposeScope()
        lieIn $"{what}: entries" 0.0 1.0 rows
        lieIn $"{what}: sums of rows" 1.0 1.0 (rows.sum 1L)

    let beDetached what (x: torch.Tensor) =
        hold $"{what} carries gradient" (not x.requires_grad)

    /// A gradient that arrived, and is not zero.
    let beFelt what (gradient: torch.Tensor) =
        if isNull gradient then
            broken $"{what}: no gradient arrived"

        use size = gradient.abs().max()

        if not (value size > 0.0) then
            broken $"{what}: the gradient is zero"

    /// A gradient that did not arrive.
    let notBeFelt what (gradient: torch.Tensor) =
        if not (isNull gradient) then
            use size = gradient.abs().max()

            if value size <> 0.0 then
                broken $"{what}: a gradient arrived"

    /// The gradient of f at x agrees with central differences. Steps, and derivatives, are relative to the length of a row where that
    /// is below 1: what depends on directions bends the faster the shorter the row, and a fixed step would not see how.
    let differentiate what (f: torch.Tensor -> torch.Tensor) (x: torch.Tensor) =
        use scope = torch.NewDisposeScope()

        let check =
            if x.dim () = 2L then
                let norms = (Scalars.square (x.detach ())).sum(1L, keepdim = true).sqrt() // [n,1]
                let ones = torch.ones_like norms

                let lengths =
                    torch.where (norms.eq (torch.zeros_like norms), ones, norms.minimum ones)

                Differentiate.checkGradient (fun y -> f (y.mul lengths)) (x.detach().div lengths)
            else
                Differentiate.checkGradient f x

        if not (check.Error <= 1e-5) then
            broken
                $"{what}: entry {check.Index} of the gradient is {check.Gradient:g6}, differences say {check.Difference:g6} (off by {check.Error:g3})"

namespace Paws.Laws

open TorchSharp
open Paws.Model

/// Laws of the small functions under the losses.
[<RequireQualifiedAccess>]
module DistributionLaws =

    /// Rows to unit length.
    let normalise (f: torch.Tensor -> torch.Tensor) = [
        Law.regular "normalised rows have length 1" (fun s -> Must.lieIn "length" 1.0 1.0 ((f s.Anchors |> Scalars.square).sum(1L).sqrt()))

        Law.always "normalising again changes nothing" (fun s ->
            let once = f s.Regular.Anchors
            Must.agree "again" once (f once))

        Law.always "lengths never exceed 1, and everything is finite" (fun s ->
            let unit = f s.Anchors
            Must.lieIn "squared length" 0.0 1.0 ((Scalars.square unit).sum 1L)
            Must.beFinite "unit rows" unit
            Must.beFinite "gradient" (Differentiate.grad (fun x -> (f x).sum()) s.Anchors))

        Law.regular "only the direction of a row matters" (fun s ->
            Must.agree "lengths" (f s.Anchors) (f (s.Anchors.mul (Draw.factors s.Random s.AnchorRows))))

        Law.regular "moving along itself does not move a unit row" (fun s ->
            Must.agree "J x" (torch.zeros_like s.Anchors) (Differentiate.jacobianv f s.Anchors s.Anchors))

        Law.always "a zero row stays zero" (fun s ->
            let zero = torch.zeros_like s.Anchors
            Must.agree "zero" zero (f zero))
    ]

    let private two (s: Setting) =
        let random = s.Random
        Draw.distributions random s.AnchorRows s.Classes, Draw.distributions random s.AnchorRows s.Classes

    /// H(t, p) of rows, targets before predictions.
    let crossEntropy (f: torch.Tensor -> torch.Tensor -> torch.Tensor) = [
        Law.always "cross-entropy exceeds the target's entropy by at least half the squared distance (Gibbs, Pinsker)" (fun s ->
            let t, p = two s
            let distance = (t.sub p).abs().sum 1L
            let least = Scalars.add (f t t) (Scalars.square distance |> Scalars.multiply 0.5)
            Must.notExceed "entropy of the target" least (f t p))

        Law.always "cross-entropy with a one-hot target is −log of the probability of that class" (fun s ->
            let _, p = two s
            let own = p.argmax 1L
            let target = torch.nn.functional.one_hot(own, int64 s.Classes).to_type torch.float64
            Must.agree "−log p" (p.amax([| 1L |]).log().neg()) (f target p))

        Law.always "cross-entropy with a uniform prediction is log K" (fun s ->
            let t, _ = two s
            Must.lieIn "value" (log (float s.Classes)) (log (float s.Classes)) (f t (Draw.uniform s.AnchorRows s.Classes)))

        Law.always "cross-entropy is linear in the target" (fun s ->
            let t, p = two s
            let other = Draw.distributions (System.Random(s.Seed + 1)) s.AnchorRows s.Classes
            let half = Scalars.add t other |> Scalars.multiply 0.5
            Must.agree "mean of two" (Scalars.add (f t p) (f other p) |> Scalars.multiply 0.5) (f half p))

        Law.always "the order of classes does not matter" (fun s ->
            let t, p = two s
            let order = Draw.permutation s.Random s.Classes
            Must.agree "permuted" (f t p) (f (t.index_select (1L, order)) (p.index_select (1L, order))))

        Law.always "its derivative by the prediction is −t/p" (fun s ->
            let t, p = two s
            Must.agree "gradient" (t.div(p).neg()) (Differentiate.grad (fun p -> (f t p).sum()) p))

        Law.always "a probability of 0 gives a finite value and gradient, and none where the target is 0 too" (fun s ->
            let t, p = two s
            let kept = (Scalars.atLeast (0.5 / float s.Classes) p).to_type torch.float64
            let holes = p.mul kept
            Must.beFinite "value" (f t holes)
            Must.beFinite "gradient" (Differentiate.grad (fun p -> (f t p).sum()) holes)
            Must.lieIn "0 · log 0" 0.0 0.0 (f (torch.zeros_like t) (torch.zeros_like p)))
    ]

    /// H(p) of rows.
    let entropy (f: torch.Tensor -> torch.Tensor) = [
        Law.always "entropy lies in [0, log K]" (fun s -> Must.lieIn "entropy" 0.0 (log (float s.Classes)) (f (fst (two s))))

        Law.always "entropy is log K at uniform and 0 at one class" (fun s ->
            Must.lieIn "uniform" (log (float s.Classes)) (log (float s.Classes)) (f (Draw.uniform 1 s.Classes))
            Must.lieIn "one class" 0.0 0.0 (f (torch.eye (int64 s.Classes, dtype = torch.float64))))

        Law.always "entropy is concave: mixing does not lower it" (fun s ->
            let p, q = two s
            let mixed = Scalars.add p q |> Scalars.multiply 0.5
            Must.notExceed "mean entropy" (Scalars.add (f p) (f q) |> Scalars.multiply 0.5) (f mixed))
    ]

namespace Paws.Laws

open TorchSharp
open Paws.Model

/// Laws of mean-entropy maximisation: the mean prediction [k] → a scalar that is added to the loss.
[<RequireQualifiedAccess>]
module MeMaxLaws =

    let private drawn (s: Setting) =
        (Draw.distributions s.Random 1 s.Classes).squeeze 0L

    let private uniform (s: Setting) = (Draw.uniform 1 s.Classes).squeeze 0L

    /// Laws of the regulariser −H(p̄).
    let regulariser (f: torch.Tensor -> torch.Tensor) = [
        Law.always "ME-Max lies in [−log K, 0]" (fun s -> Must.lieIn "−H" (-log(float s.Classes)) 0.0 (f (drawn s)))

        Law.always "ME-Max is −log K at the uniform mean, and 0 where one class has all" (fun s ->
            Must.equal "uniform" (-log(float s.Classes)) (Must.value (f (uniform s)))

            let one =
                torch.eye(int64 s.Classes, dtype = torch.float64).select(0L, int64 (s.Random.Next s.Classes))

            Must.equal "one class" 0.0 (Must.value (f one)))

        Law.always "ME-Max is convex: a mixture costs no more than its parts" (fun s ->
            let p = drawn s
            let q = (Draw.distributions (System.Random(s.Seed + 1)) 1 s.Classes).squeeze 0L
            let mixed = Scalars.add p q |> Scalars.multiply 0.5
            Must.notExceed "mixture" (f mixed) (Scalars.add (f p) (f q) |> Scalars.multiply 0.5))

        Law.always "the order of classes does not matter" (fun s ->
            let p = drawn s
            Must.agree "permuted" (f p) (f (p.index_select (0L, Draw.permutation s.Random s.Classes))))

        Law.always "its derivative is 1 + log p̄" (fun s ->
            let p = drawn s
            Must.agree "gradient" (p.log () |> Scalars.shift 1.0) (Differentiate.grad f p))

        Law.always "a class that is never predicted costs nothing, with a finite gradient" (fun s ->
            let p = torch.cat ([| drawn s; torch.zeros (2L, dtype = torch.float64) |], 0L)
            Must.agree "value" (f (drawn s)) (f p)
            Must.beFinite "gradient" (Differentiate.grad f p))
    ]

    /// Laws of the mean prediction: how means of workers are averaged, then predictions [n,k] → [k].
    let mean (f: (torch.Tensor -> torch.Tensor) -> torch.Tensor -> torch.Tensor) = [
        Law.always "the mean prediction is a distribution" (fun s ->
            let p = Draw.distributions s.Random s.AnchorRows s.Classes
            Must.beDistributions "p̄" ((f id p).unsqueeze 0L))

        Law.always "the mean is over rows: their order does not matter, a repeated batch has the same" (fun s ->
            let p = Draw.distributions s.Random s.AnchorRows s.Classes
            let order = Draw.permutation s.Random s.AnchorRows
            Must.agree "permuted" (f id p) (f id (p.index_select (0L, order)))
            Must.agree "twice" (f id p) (f id (torch.cat ([| p; p |], 0L))))

        Law.always "each row has an equal part in it" (fun s ->
            let p = Draw.distributions s.Random s.AnchorRows s.Classes
            let weights = Draw.gaussian s.Random 1 s.Classes

            let gradient =
                Differentiate.grad (fun p -> (f id p).mul(weights.squeeze 0L).sum()) p

            let share = Scalars.divide (float s.AnchorRows) weights
            Must.agree "gradient" (share.expand (int64 s.AnchorRows, int64 s.Classes)) gradient)

        Law.always "the mean goes through the average over workers" (fun s ->
            let p = Draw.distributions s.Random s.AnchorRows s.Classes
            Must.agree "averaged" (f id p |> Scalars.multiply 0.5) (f (Scalars.multiply 0.5) p))
    ]

    /// Laws of the regulariser with a prior: prior [k], mean prediction [k] → scalar.
    let towards (f: torch.Tensor -> torch.Tensor -> torch.Tensor) =
        let prior (s: Setting) =
            (Draw.distributions (System.Random(s.Seed + 2)) 1 s.Classes).squeeze 0L

        [
            Law.always "at the uniform prior it is ME-Max" (fun s ->
                Must.agreeWithin 1e-14 "value" (MeMax.regulariser (drawn s)) (f (uniform s) (drawn s)))

            Law.always "it is least, −log K, at the prior, and exceeds that by half the squared distance (Pinsker)" (fun s ->
                let p, q = drawn s, prior s
                Must.equal "at the prior" (-log(float s.Classes)) (Must.value (f q q))
                let distance = Must.value (p.sub(q).abs().sum())
                let least = 0.5 * distance * distance - log (float s.Classes)
                Must.hold "elsewhere" (Must.value (f q p) >= least - 1e-10))

            Law.always "the order of classes does not matter" (fun s ->
                let p, q, order = drawn s, prior s, Draw.permutation s.Random s.Classes
                let permute (x: torch.Tensor) = x.index_select (0L, order)
                Must.agree "permuted" (f q p) (f (permute q) (permute p)))

            Law.always "its gradient, along the distributions, vanishes at the prior" (fun s ->
                let q = prior s
                let gradient = Differentiate.grad (f q) q
                Must.agreeWithin 1e-9 "tangential part" (torch.zeros_like q) (gradient.sub (gradient.mean ())))

            Law.always "its gradient agrees with central differences" (fun s ->
                Must.differentiate "p̄" (f (prior s)) (Scalars.shift 0.05 (drawn s)))
        ]

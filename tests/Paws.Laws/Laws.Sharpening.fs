namespace Paws.Laws

open TorchSharp
open Paws.Model

/// Laws of ρ: temperature T, then distributions [n,k] → [n,k].
[<RequireQualifiedAccess>]
module SharpeningLaws =

    let private drawn (s: Setting) =
        Draw.distributions s.Random s.AnchorRows s.Classes

    let all (sharpen: float -> torch.Tensor -> torch.Tensor) = [
        Law.always "sharpened rows are distributions" (fun s -> Must.beDistributions "ρ(p)" (sharpen s.Sharpen (drawn s)))

        Law.always "the most probable class stays the most probable" (fun s ->
            let p = drawn s
            let best = p.argmax (1L, keepdim = true)
            let sharp = sharpen s.Sharpen p
            Must.agree "its probability" (sharp.amax ([| 1L |], keepdim = true)) (sharp.gather (1L, best)))

        Law.always "entropy is not raised" (fun s ->
            let p = drawn s
            Must.notExceed "entropy" (Numerics.entropy (sharpen s.Sharpen p)) (Numerics.entropy p))

        Law.always "log-odds are divided by T" (fun s ->
            let p = drawn s
            let logs (p: torch.Tensor) = (Scalars.clampMin 1e-300 p).log()

            let odds (p: torch.Tensor) =
                (logs p).sub((logs p).narrow(1L, 0L, 1L))

            let expected = odds p |> Scalars.divide s.Sharpen
            // Where a class has all but vanished its logarithm has lost its digits.
            let kept =
                (Scalars.atLeast -200.0 (expected.amin ([| 1L |], keepdim = true))).to_type torch.float64

            let kept =
                kept.mul ((Scalars.less 200.0 (expected.amax ([| 1L |], keepdim = true))).to_type torch.float64)

            Must.agreeWithin 1e-9 "log-odds" (expected.mul kept) ((odds (sharpen s.Sharpen p)).mul kept))

        Law.always "sharpening by T and then by T′ is sharpening by T·T′" (fun s ->
            let p = drawn s
            let other = 0.2 + 0.8 * s.Random.NextDouble()
            Must.agree "product" (sharpen (other * s.Sharpen) p) (sharpen other (sharpen s.Sharpen p)))

        Law.always "T = 1 changes nothing" (fun s -> Must.agree "identity" (drawn s) (sharpen 1.0 (drawn s)))

        Law.always "T → 0 leaves the most probable class alone" (fun s ->
            let p = drawn s
            let struct (two, _) = p.topk (2, 1)
            let gap = (two.narrow(1L, 0L, 1L).log().sub(two.narrow(1L, 1L, 1L).log())).min()
            // Odds of at least e^40 after sharpening.
            let temperature = min 1.0 (Must.value gap / 40.0)

            if temperature > 1e-6 then
                let expected =
                    torch.nn.functional.one_hot(p.argmax 1L, int64 s.Classes).to_type torch.float64

                Must.agree "arg-max" expected (sharpen temperature p))

        Law.always "uniform rows stay uniform, however many classes and however small T" (fun s ->
            let many = Draw.uniform 2 (200 * s.Classes)
            Must.agree "uniform" many (sharpen (0.01 + 0.1 * s.Random.NextDouble()) many))

        Law.always "the order of rows and of classes is followed" (fun s ->
            let p, random = drawn s, s.Random

            let rows, classes =
                Draw.permutation random s.AnchorRows, Draw.permutation random s.Classes

            let permute (x: torch.Tensor) =
                x.index_select(0L, rows).index_select(1L, classes)

            Must.agree "permuted" (permute (sharpen s.Sharpen p)) (sharpen s.Sharpen (permute p)))

        Law.always "the scale of a row does not matter" (fun s ->
            let p = drawn s
            Must.agree "scaled" (sharpen s.Sharpen p) (sharpen s.Sharpen (p.mul (Draw.factors s.Random s.AnchorRows))))

        Law.always "a class without probability gets none, with a finite gradient" (fun s ->
            let p = drawn s
            let kept = p.mul ((Scalars.atLeast (1.0 / float s.Classes) p).to_type torch.float64)
            let zero = (Scalars.less 1e-300 kept).to_type torch.float64
            Must.lieIn "its probability" 0.0 0.0 ((sharpen s.Sharpen kept).mul zero)
            Must.beFinite "gradient" (Differentiate.grad (fun p -> (sharpen s.Sharpen p |> Scalars.square).sum()) kept))

        Law.always "the gradient agrees with central differences" (fun s ->
            // Away from 0, where steps would leave the distributions.
            let p = Scalars.add (drawn s) (Draw.uniform s.AnchorRows s.Classes)
            let weights = Draw.gaussian s.Random s.AnchorRows s.Classes
            Must.differentiate "ρ" (fun p -> (sharpen s.Sharpen p).mul(weights).sum()) p)

        Law.always "near uniform, a deviation grows by as much as the other view agrees beyond T" (fun s ->
            // docs/built-in-shapes.md: along e, the gradient of H(ρ(1/K + e⁺), 1/K + e) is K·(|e|² − ⟨e, e⁺⟩/T).
            let random = s.Random

            let deviation () =
                let e = Draw.gaussian random s.Images s.Classes
                e.sub (e.mean ([| 1L |], keepdim = true)) |> Scalars.multiply 1e-5

            let e, other = deviation (), deviation ()
            let level = 1.0 / float s.Classes
            let target = sharpen s.Sharpen (Scalars.shift level other)
            let p = Scalars.shift level e

            let gradient =
                Differentiate.grad (fun p -> (Numerics.crossEntropy target p).sum()) p

            let along = gradient.mul(e).sum 1L
            let agreement = e.mul(other).sum 1L |> Scalars.divide s.Sharpen
            let expected = e.mul(e).sum(1L).sub agreement |> Scalars.multiply (float s.Classes)
            let scale = e.mul(e).sum(1L).max() |> Must.value
            // In units of |e|²/T, to first order.
            let unit = s.Sharpen / (scale * float s.Classes)
            Must.agreeWithin 2e-2 "growth" (Scalars.multiply unit expected) (Scalars.multiply unit along))
    ]

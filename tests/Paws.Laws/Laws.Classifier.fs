namespace Paws.Laws

open TorchSharp
open Paws.Model

/// Laws of π: temperature τ, supports [s,d], their labels [s,k], queries [q,d] → class distributions [q,k].
[<RequireQualifiedAccess>]
module ClassifierLaws =

    let private columns (order: torch.Tensor) (x: torch.Tensor) = x.index_select (1L, order)

    let all (classify: float -> torch.Tensor -> torch.Tensor -> torch.Tensor -> torch.Tensor) =
        let predict (s: Setting) =
            classify s.Temperature s.Supports s.Labels s.Anchors

        [
            Law.always "predictions are distributions" (fun s -> Must.beDistributions "π" (predict s))

            Law.always "no class is more or less probable than among the supports' labels" (fun s ->
                let labels = s.Labels
                Must.lieIn "π" (Must.value (labels.min ())) (Must.value (labels.max ())) (predict s))

            Law.always "the order of supports does not matter" (fun s ->
                let order = Draw.permutation s.Random s.SupportRows
                Must.agree "π" (predict s) (classify s.Temperature (Draw.rows order s.Supports) (Draw.rows order s.Labels) s.Anchors))

            Law.always "repeating every support changes nothing" (fun s ->
                let twice (x: torch.Tensor) = torch.cat ([| x; x |], 0L)
                Must.agree "π" (predict s) (classify s.Temperature (twice s.Supports) (twice s.Labels) s.Anchors))

            Law.regular "the lengths of embeddings do not matter" (fun s ->
                let random = s.Random

                let scale (x: torch.Tensor) =
                    x.mul (Draw.factors random (int x.shape[0]))

                Must.agree "π" (predict s) (classify s.Temperature (scale s.Supports) s.Labels (scale s.Anchors)))

            Law.regular "a rotation or reflection of the space does not matter" (fun s ->
                let turn = Draw.rotation s.Random s.Width
                Must.agree "π" (predict s) (classify s.Temperature (s.Supports.mm turn) s.Labels (s.Anchors.mm turn)))

            Law.always "the order of queries is followed" (fun s ->
                let order = Draw.permutation s.Random s.AnchorRows
                Must.agree "π" (Draw.rows order (predict s)) (classify s.Temperature s.Supports s.Labels (Draw.rows order s.Anchors)))

            Law.always "the order of classes is followed" (fun s ->
                let order = Draw.permutation s.Random s.Classes
                Must.agree "π" (columns order (predict s)) (classify s.Temperature s.Supports (columns order s.Labels) s.Anchors))

            Law.always "a query's prediction does not depend on the other queries" (fun s ->
                let row = int64 (s.Random.Next s.AnchorRows)
                let alone = s.Anchors.narrow (0L, row, 1L)
                Must.agree "π" ((predict s).narrow(0L, row, 1L)) (classify s.Temperature s.Supports s.Labels alone))

            Law.always "predictions are linear in the labels: smoothing labels smooths predictions" (fun s ->
                let hard = LabelMatrix.create s.Classes s.ImagesPerClass 1 false 0.0
                let soft = LabelMatrix.create s.Classes s.ImagesPerClass 1 false 0.3

                let expected =
                    classify s.Temperature s.Supports hard s.Anchors
                    |> Scalars.multiply 0.7
                    |> Scalars.shift (0.3 / float s.Classes)

                Must.agree "π" expected (classify s.Temperature s.Supports soft s.Anchors))

            Law.always "τ → ∞ leaves the frequencies of the classes" (fun s ->
                let frequencies =
                    s.Labels.mean([| 0L |], keepdim = true).expand(int64 s.AnchorRows, int64 s.Classes)

                Must.agreeWithin 1e-6 "π" frequencies (classify 1e8 s.Supports s.Labels s.Anchors))

            Law.regular "τ → 0 leaves the label of the nearest support" (fun s ->
                let cosines =
                    (Numerics.l2Normalise s.Anchors).mm((Numerics.l2Normalise s.Supports).t())

                let struct (two, nearest) = cosines.topk ((min 2 s.SupportRows), 1)
                let gap = two.narrow(1L, 0L, 1L).sub(two.narrow (1L, two.shape[1] - 1L, 1L))
                // Only where one support is clearly the nearest.
                let clear = Scalars.atLeast 0.04 gap
                let clear = clear.to_type torch.float64
                let labels = s.Labels.index_select (0L, nearest.narrow(1L, 0L, 1L).squeeze 1L)
                Must.agree "π" (labels.mul clear) ((classify 0.001 s.Supports s.Labels s.Anchors).mul clear))

            Law.regular "the odds of two supports are exp of the difference of their cosines by τ" (fun s ->
                let supports = s.Supports.narrow (0L, 0L, 2L)
                let labels = torch.eye (2L, dtype = torch.float64)
                let p = classify s.Temperature supports labels s.Anchors

                let cosines =
                    (Numerics.l2Normalise s.Anchors).mm((Numerics.l2Normalise supports).t())

                let difference (x: torch.Tensor) =
                    x.narrow(1L, 0L, 1L).sub(x.narrow (1L, 1L, 1L))

                Must.agreeWithin 1e-8 "log-odds" (difference cosines |> Scalars.divide s.Temperature) (difference (p.log ())))

            Law.always "a query equal to a support is at least as near to it as to any other" (fun s ->
                let labels = torch.eye (int64 s.SupportRows, dtype = torch.float64)
                let p = classify s.Temperature s.Regular.Supports labels s.Regular.Supports
                Must.notExceed "π" (p.amax [| 1L |]) (p.diagonal ()))

            Law.regular "gradients by queries agree with central differences" (fun s ->
                let weights = Draw.gaussian s.Random s.AnchorRows s.Classes

                let f q =
                    (classify s.Temperature s.Supports s.Labels q).mul(weights).sum()

                Must.differentiate "queries" f s.Anchors)

            Law.regular "gradients by supports agree with central differences" (fun s ->
                let weights = Draw.gaussian s.Random s.AnchorRows s.Classes

                let f x =
                    (classify s.Temperature x s.Labels s.Anchors).mul(weights).sum()

                Must.differentiate "supports" f s.Supports)

            Law.regular "gradients by labels agree with central differences" (fun s ->
                let weights = Draw.gaussian s.Random s.AnchorRows s.Classes

                let f y =
                    (classify s.Temperature s.Supports y s.Anchors).mul(weights).sum()

                Must.differentiate "labels" f s.Labels)

            Law.always "values and gradients are finite, in float64 and float32, also at τ = 0.01" (fun s ->
                for dtype in [ torch.float64; torch.float32 ] do
                    let cast (x: torch.Tensor) = x.to_type dtype
                    let supports = Draw.leaf (cast s.Supports)
                    let p = classify 0.01 supports (cast s.Labels) (cast s.Anchors)
                    (Scalars.square p).sum().backward()
                    Must.beFinite $"π in {dtype}" p
                    Must.beFinite $"gradient in {dtype}" supports.grad)

            Law.regular "float32 is within 1e-4, bfloat16 within 0.02/τ of float64" (fun s ->
                let at (dtype: torch.ScalarType) =
                    let cast (x: torch.Tensor) = x.to_type dtype
                    classify s.Temperature (cast s.Supports) (cast s.Labels) (cast s.Anchors)

                Must.agreeWithin 1e-4 "float32" (predict s) (at torch.float32)
                // Cosines have 8 bits: an error of 2⁻⁸ in each of several roundings, divided by τ.
                Must.agreeWithin (0.02 / s.Temperature) "bfloat16" (predict s) (at torch.bfloat16))
        ]

    let private hard (s: Setting) =
        let random = s.Random
        torch.tensor (Array.init s.SupportRows (fun _ -> int64 (random.Next s.Classes)), dtype = torch.int64)

    /// Laws of the evaluation's classifier: similarities at a time, τ, classes, supports, hard labels [s], queries.
    let evaluation probabilities = [
        Law.always "evaluation is the classifier with one-hot labels, in chunks of any size" (fun s ->
            let labels = hard s

            let oneHot =
                torch.nn.functional.one_hot(labels, int64 s.Classes).to_type torch.float64

            let expected =
                SoftNearestNeighbours.classify s.Temperature s.Supports oneHot s.Anchors

            for atATime in [ 1L; int64 (2 * s.SupportRows); int64 (3 * s.SupportRows + 1); 1L <<< 25 ] do
                probabilities atATime s.Temperature s.Classes s.Supports labels s.Anchors
                |> Must.agree $"{atATime} at a time" expected)

        Law.always "evaluation carries no gradient" (fun s ->
            let queries = Draw.leaf s.Anchors
            Must.beDetached "π" (probabilities 100L s.Temperature s.Classes s.Supports (hard s) queries))
    ]

    /// Laws of the accuracy: k, probabilities [q,K], labels [q] → share.
    let topK (accuracy: int -> torch.Tensor -> torch.Tensor -> float) =
        let drawn (s: Setting) =
            let random = s.Random
            let p = Draw.distributions random s.AnchorRows s.Classes
            p, torch.tensor (Array.init s.AnchorRows (fun _ -> int64 (random.Next s.Classes)), dtype = torch.int64)

        [
            Law.always "accuracy grows with k, to 1" (fun s ->
                let p, labels = drawn s
                let shares = [ for k in 1 .. s.Classes + 1 -> accuracy k p labels ]
                Must.hold "grows" (shares = List.sort shares)
                Must.hold "is 1 with all classes" (List.skip (s.Classes - 1) shares = [ 1.0; 1.0 ]))

            Law.always "accuracy counts the rows whose label is among the k most probable" (fun s ->
                let p, labels = drawn s

                for k in 1 .. s.Classes do
                    let struct (_, best) = p.topk (k, 1)
                    let hits = Must.value (best.eq(labels.unsqueeze 1L).any(1L).sum())
                    Must.equal $"top-{k}" (hits / float s.AnchorRows) (accuracy k p labels))

            Law.always "a classifier that says nothing is right about its first k classes only" (fun s ->
                let _, labels = drawn s
                let values = labels.data<int64>().ToArray()

                for k in 1 .. s.Classes do
                    let expected =
                        values |> Array.averageBy (fun label -> if label < int64 k then 1.0 else 0.0)

                    Must.equal $"top-{k}" expected (accuracy k (Draw.uniform s.AnchorRows s.Classes) labels))

            Law.always "rows that are not numbers are wrong" (fun s ->
                let _, labels = drawn s
                Must.equal "share" 0.0 (accuracy s.Classes (Draw.constant s.AnchorRows s.Classes nan) labels))
        ]

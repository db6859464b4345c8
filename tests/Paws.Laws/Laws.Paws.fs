namespace Paws.Laws

open System
open TorchSharp
open Paws.Model

/// Laws of the published PAWS objective.
[<RequireQualifiedAccess>]
module PawsLaws =

    let private options (s: Setting) =
        PawsLossOptions.Create(s.Temperature, s.Sharpen, true)

    let private view (s: Setting) index (x: torch.Tensor) =
        x.narrow (0L, int64 (index * s.Images), int64 s.Images)

    let private total (result: PawsLossResult) = result.Total

    /// Laws of the objective from its parts: options, anchors, supports, labels, targets, targets' supports.
    let parts evaluate =
        let run (options: PawsLossOptions) (s: Setting) : PawsLossResult =
            evaluate options s.Anchors s.Supports s.Labels s.Targets s.TargetSupports

        let result s = run (options s) s

        [
            Law.always "the total is the cross-entropy plus ME-Max" (fun s ->
                let r = result s
                Must.agree "total" (Scalars.add r.CrossEntropy r.MeMax) r.Total)

            Law.always "cross-entropy is not negative, ME-Max lies in [−log K, 0], confidence in [1/K, 1]" (fun s ->
                let r = result s
                Must.lieIn "cross-entropy" 0.0 infinity r.CrossEntropy
                Must.lieIn "ME-Max" (-log(float s.Classes)) 0.0 r.MeMax
                Must.lieIn "confidence" (1.0 / float s.Classes) 1.0 r.TargetConfidence
                Must.beDetached "confidence" r.TargetConfidence)

            Law.always "predictions are the classifier's, and targets are the sharpened predictions for the other view" (fun s ->
                let r = result s
                let classify = SoftNearestNeighbours.classify s.Temperature
                Must.agree "predictions" (classify s.Supports s.Labels s.Anchors) r.Predictions
                let large = classify s.TargetSupports s.Labels s.Targets
                Must.agree "targets" (Targets.create (Sharpening.sharpen s.Sharpen) s.SmallViews large) r.Targets
                Must.beDetached "targets" r.Targets)

            Law.always "the cross-entropy is the explicit sum over images and pairs of views" (fun s ->
                let classify supports x =
                    SoftNearestNeighbours.classify s.Temperature supports s.Labels x

                let p =
                    Array.init (2 + s.SmallViews) (fun v -> classify s.Supports (view s v s.Anchors))
                // s.Targets is swapped: its first half is view 2.
                let sharp v =
                    classify s.TargetSupports (view s (1 - v) s.Targets)
                    |> Sharpening.sharpen s.Sharpen

                let kept (t: torch.Tensor) =
                    t.mul ((Scalars.atLeast 1e-4 t).to_type torch.float64)

                let both = Scalars.add (sharp 0) (sharp 1) |> Scalars.multiply 0.5

                let sum t p =
                    Must.value ((Numerics.crossEntropy (kept t) p).sum())

                let large = sum (sharp 1) p[0] + sum (sharp 0) p[1]
                let small = Seq.sum (seq { for v in 2 .. 1 + s.SmallViews -> sum both p[v] })
                Must.equal "sum" ((large + small) / float s.AnchorRows) (Must.value (result s).CrossEntropy))

            Law.always "ME-Max is −H of the mean of the sharpened predictions of all views" (fun s ->
                let sharp =
                    SoftNearestNeighbours.classify s.Temperature s.Supports s.Labels s.Anchors
                    |> Sharpening.sharpen s.Sharpen

                Must.agree "ME-Max" (Numerics.entropy(sharp.mean [| 0L |]).neg()) (result s).MeMax)

            Law.always "without ME-Max the total is the cross-entropy, and the same one" (fun s ->
                let off = run (PawsLossOptions.Create(s.Temperature, s.Sharpen, false)) s
                Must.lieIn "ME-Max" 0.0 0.0 off.MeMax
                Must.agree "total" (result s).CrossEntropy off.Total)

            Law.regular "ME-Max carries gradient, into the supports too" (fun s ->
                let s = {
                    s.Unsaturated with
                        Rows = Gaussian
                        Sharpen = max 0.5 s.Sharpen
                }

                let anchors, supports = Draw.leaf s.Anchors, Draw.leaf s.Supports

                let r: PawsLossResult =
                    evaluate (options s) anchors supports s.Labels s.Targets s.TargetSupports

                r.MeMax.backward ()
                Must.beFelt "anchors" anchors.grad
                Must.beFelt "supports" supports.grad)

            Law.regular "classifier, sharpening and regulariser are the ones given" (fun s ->
                let prior = (Draw.distributions s.Random 1 s.Classes).squeeze 0L

                let other = {
                    options s with
                        Classifier = Func<_, _, _, _>(SoftNearestNeighbours.classify (2.0 * s.Temperature))
                        Sharpening = Func<_, _>(Sharpening.sharpen (0.5 * s.Sharpen))
                        Regulariser = Some(Func<_, _>(MeMax.towards prior))
                }

                let expected: PawsLossResult =
                    evaluate
                        (PawsLossOptions.Create(2.0 * s.Temperature, 0.5 * s.Sharpen, true))
                        s.Anchors
                        s.Supports
                        s.Labels
                        s.Targets
                        s.TargetSupports

                let r = run other s
                Must.agree "cross-entropy" expected.CrossEntropy r.CrossEntropy

                let mean = (Sharpening.sharpen (0.5 * s.Sharpen) r.Predictions).mean [| 0L |]

                Must.agree "regulariser" (MeMax.towards prior mean) r.MeMax)

            Law.always "with the class prior uniform, the objective is the published one" (fun s ->
                let uniform = (Draw.uniform 1 s.Classes).squeeze 0L

                let variant = {
                    options s with
                        Regulariser = Some(Func<_, _>(MeMax.towards uniform))
                }

                Must.agree "total" (result s).Total (run variant s).Total)
        ]

    /// Laws of the objective from class distributions: options, weights, predictions, target predictions.
    let distributions ofPredictions =
        let drawn (s: Setting) =
            let random = s.Random

            Draw.distributions random s.AnchorRows s.Classes, Draw.distributions random (2 * s.Images) s.Classes

        let run s weights : PawsLossResult =
            let p, t = drawn s
            ofPredictions (options s) weights p t

        [
            Law.always "weights of 1 change nothing" (fun s ->
                let ones = torch.ones (int64 s.Images, dtype = torch.float64)
                Must.agree "total" (run s None).Total (run s (Some ones)).Total)

            Law.always "the cross-entropy is linear in the weights, ME-Max does not know them" (fun s ->
                let weights = (Draw.factors s.Random s.Images).squeeze 1L
                let once, thrice = run s (Some weights), run s (Some(Scalars.multiply 3.0 weights))
                Must.agree "cross-entropy" (Scalars.multiply 3.0 once.CrossEntropy) thrice.CrossEntropy
                Must.agree "ME-Max" once.MeMax thrice.MeMax)

            Law.always "an image of weight 0 is not trained by the cross-entropy, in any view" (fun s ->
                let image = s.Random.Next s.Images
                let weights = torch.ones (int64 s.Images, dtype = torch.float64)
                weights[int64 image] <- torch.tensor (0.0, dtype = torch.float64)
                let p, t = drawn s
                let p = Draw.leaf p
                let r: PawsLossResult = ofPredictions (options s) (Some weights) p t
                r.CrossEntropy.backward ()

                for v in 0 .. 1 + s.SmallViews do
                    Must.lieIn "gradient" 0.0 0.0 ((view s v p.grad)[int64 image]))

            Law.always "no gradient passes through target predictions or weights" (fun s ->
                let p, t = drawn s
                let p, t = Draw.leaf p, Draw.leaf t
                let weights = Draw.leaf ((Draw.factors s.Random s.Images).squeeze 1L)
                let r: PawsLossResult = ofPredictions (options s) (Some weights) p t
                r.Total.backward ()
                Must.notBeFelt "targets" t.grad
                Must.notBeFelt "weights" weights.grad
                Must.beFelt "predictions" p.grad)
        ]

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

    /// (value, gradient) by one tensor.
    let private along (f: torch.Tensor -> torch.Tensor) x =
        let struct (value, gradient) = Differentiate.valueAndGrad f x
        value, gradient

    /// Laws of the objective from the embeddings of a whole batch: options, support rows, images, small views, labels, z, h.
    let batch ofBatch =
        let run (options: PawsLossOptions) (s: Setting) (labels: torch.Tensor) (z: torch.Tensor) (h: torch.Tensor) : PawsLossResult =
            ofBatch options s.SupportRows s.Images s.SmallViews labels z h

        let embeddings (s: Setting) =
            torch.cat ([| s.Supports; s.Anchors |], 0L)

        [
            Law.regular "with a prediction head, anchors come after it and targets before it" (fun s ->
                let rows, b = int64 s.SupportRows, int64 s.Images
                let all = torch.cat ([| s.TargetSupports; Targets.swap s.Targets; s.Anchors |], 0L)
                // The small views' rows before the head may be missing.
                let h =
                    if s.Seed % 2 = 0 then
                        all.narrow (0L, 0L, rows + 2L * b)
                    else
                        all.narrow (0L, 0L, rows + int64 s.AnchorRows)

                let h = Draw.leaf h

                let value, gradient =
                    along (fun z -> (run (options s) s s.Labels z h).Total) (embeddings s)

                let expected, expectedGradient =
                    along
                        (fun z ->
                            (PawsLoss.evaluate
                                (options s)
                                (z.narrow (0L, rows, int64 s.AnchorRows))
                                (z.narrow (0L, 0L, rows))
                                s.Labels
                                s.Targets
                                s.TargetSupports)
                                .Total)
                        (embeddings s)

                Must.agree "value" expected value
                Must.agree "gradient" expectedGradient gradient
                (run (options s) s s.Labels (Draw.leaf (embeddings s)) h).Total.backward()
                Must.notBeFelt "h" h.grad)

            Law.regular "without a head, one product of embeddings and supports serves anchors and targets" (fun s ->
                let value, gradient =
                    along (fun z -> (run (options s) s s.Labels z z).Total) (embeddings s)

                let expected, expectedGradient =
                    along (fun z -> (run (options s) s s.Labels z (z.clone ())).Total) (embeddings s)

                Must.agree "value" expected value
                Must.agree "gradient" expectedGradient gradient)

            Law.regular "a batch split over workers, with gathered supports, has the value and gradient of one worker" (fun s ->
                let w, views = s.Workers, 2 + s.SmallViews
                let random = s.Random
                let labels = LabelMatrix.create s.Classes (w * s.ImagesPerClass) 1 false s.Smoothing
                let supports = Array.init w (fun _ -> Draw.gaussian random s.SupportRows s.Width)

                let images =
                    Array.init w (fun _ -> Array.init views (fun _ -> Draw.gaussian random s.Images s.Width))

                let join (parts: torch.Tensor seq) = torch.cat (Seq.toArray parts, 0L)

                // One worker: the supports of all, then each view of all workers' images.
                let together =
                    Seq.append supports (Seq.init views (fun v -> images |> Seq.map (Array.item v) |> join))
                    |> join

                let expected, expectedGradient =
                    along
                        (fun z ->
                            let r: PawsLossResult =
                                ofBatch (options s) (w * s.SupportRows) (w * s.Images) s.SmallViews labels z z

                            r.Total)
                        together

                // Workers: gathering keeps the gradient, and the averaged mean passes its gradient on unchanged.
                let alone =
                    Array.init w (fun i -> Seq.append [ supports[i] ] images[i] |> join |> Draw.leaf)

                let rows (z: torch.Tensor) = z.narrow (0L, 0L, int64 s.SupportRows)
                let gathered () = alone |> Seq.map rows |> join

                let means =
                    alone
                    |> Array.map (fun z ->
                        SoftNearestNeighbours.classify
                            s.Temperature
                            (gathered ())
                            labels
                            (z.narrow (0L, int64 s.SupportRows, int64 s.AnchorRows))
                        |> Sharpening.sharpen s.Sharpen
                        |> MeMax.meanPrediction id)

                let mean = (torch.stack means).mean([| 0L |]).detach()

                let workers = {
                    GatherSupports = Func<_, _>(fun _ -> gathered ())
                    AveragePrediction = Func<_, _>(fun own -> Scalars.add own ((mean.sub own).detach()))
                }

                let totals =
                    alone
                    |> Array.map (fun z -> (run ((options s).WithWorkers workers) s labels z z).Total)

                let value = (torch.stack totals).mean()
                value.backward ()
                Must.agree "value" expected value

                let gradients =
                    alone
                    |> Array.map _.grad.split(Array.append [| int64 s.SupportRows |] (Array.create views (int64 s.Images)), 0L)

                let gradient =
                    join (
                        seq {
                            for part in 0..views do
                                for i in 0 .. w - 1 -> gradients[i][part]
                        }
                    )

                Must.agree "gradient" expectedGradient gradient)

            Law.regular "collapsed embeddings cost log K − log K = 0, with finite gradients" (fun s ->
                let row = Draw.gaussian s.Random 1 s.Width
                let z = row.repeat (int64 (s.SupportRows + s.AnchorRows), 1L) |> Draw.leaf
                let r = run (options s) s s.Labels z z
                r.Total.backward ()
                Must.lieIn "total" 0.0 0.0 r.Total
                Must.beFinite "gradient" z.grad)

            Law.always "reduced precision is raised to float32, and the gradient comes back in the encoder's type" (fun s ->
                for dtype in [ torch.bfloat16; torch.float16 ] do
                    let z = Draw.leaf ((embeddings s.Regular).to_type dtype)
                    let r = run (options s) s s.Labels z z
                    r.Total.backward ()
                    Must.hold "loss" (r.Total.dtype = torch.float32)
                    Must.hold "gradient" (z.grad.dtype = dtype))

            Law.regular "embeddings rounded to bfloat16 change the objective by at most 0.15/τ" (fun s ->
                // A cosine moves by about 2⁻⁸; an exponent by that over τ; a target's log-odds by that over T, but no
                // target moves by more than its prediction allows.
                let z = embeddings s
                let rounded = z.to_type torch.bfloat16
                let exact = (run (options s) s s.Labels z z).Total
                let coarse = (run (options s) s s.Labels rounded rounded).Total
                let bound = 0.15 / s.Temperature
                Must.hold $"off by more than {bound:g3}" (abs (Must.value exact - Must.value coarse) <= bound))
        ]

    /// Laws of the parts of a batch: support rows, images, small views, labels, z, h.
    let step (parts: int -> int -> int -> torch.Tensor -> torch.Tensor -> torch.Tensor -> PawsStep) =
        let cut (s: Setting) z h =
            parts s.SupportRows s.Images s.SmallViews s.Labels z h

        let embeddings (s: Setting) =
            torch.cat ([| s.Supports; s.Anchors |], 0L)

        let evaluate (s: Setting) (step: PawsStep) =
            PawsLoss.evaluate (options s) step.Anchors step.Supports step.Labels step.Targets step.TargetSupports

        [
            Law.regular "the objective of the parts is the objective of the batch, value and gradient, with a head and without" (fun s ->
                let head = torch.cat ([| s.TargetSupports; Targets.swap s.Targets |], 0L)

                for h in [ Some head; None ] do
                    let before z = Option.defaultValue z h

                    let value, gradient =
                        along (fun z -> (evaluate s (cut s z (before z))).Total) (embeddings s)

                    let expected, expectedGradient =
                        along
                            (fun z -> (PawsLoss.ofBatch (options s) s.SupportRows s.Images s.SmallViews s.Labels z (before z)).Total)
                            (embeddings s)

                    Must.agree "value" expected value
                    Must.agree "gradient" expectedGradient gradient)

            Law.regular "targets carry no gradient, anchors and supports do; all is float32 or better" (fun s ->
                let z = Draw.leaf ((embeddings s).to_type torch.bfloat16)
                let step = cut s z z
                Must.beDetached "targets" step.Targets
                Must.beDetached "targets' supports" step.TargetSupports
                Must.hold "anchors and supports" (step.Anchors.requires_grad && step.Supports.requires_grad)

                for part in [ step.Anchors; step.Supports; step.Labels; step.Targets; step.TargetSupports ] do
                    Must.hold "float32" (part.dtype = torch.float32))
        ]

    /// The loss as a function of the similarities of one row of collapsed embeddings, where all of them are equal.
    let private similarityGradient (s: Setting) (target: torch.Tensor) =
        let loss (similarities: torch.Tensor) =
            let p = (Scalars.divide s.Temperature similarities).softmax(1L).mm s.Labels
            (Numerics.crossEntropy target p).sum()

        Must.value ((Differentiate.grad loss (torch.ones (1L, int64 s.SupportRows, dtype = torch.float64))).norm())

    /// Section 4 of the paper: why the method does not collapse, and when it may.
    let collapse = [
        Law.always "collapsed similarities are not stationary under a target that is not uniform" (fun s ->
            let target = Draw.distributions s.Random 1 s.Classes
            let distance = Must.value ((target.sub (Draw.uniform 1 s.Classes)).norm())
            // ‖∇‖ = distance · (1 − smoothing) / (τ √imagesPerClass), from dH/dsⱼ = (1 − K·t)(1 − smoothing)/(τ·s) at j's class.
            let expected =
                distance * (1.0 - s.Smoothing) / (s.Temperature * sqrt (float s.ImagesPerClass))

            Must.equal "length of the gradient" expected (similarityGradient s target))

        Law.always "under a uniform target they are stationary, and sharpening leaves it uniform" (fun s ->
            let uniform = Sharpening.sharpen s.Sharpen (Draw.uniform 1 s.Classes)
            Must.equal "length of the gradient" 0.0 (similarityGradient s uniform))
    ]

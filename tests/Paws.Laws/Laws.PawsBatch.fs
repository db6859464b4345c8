namespace Paws.Laws

open System
open TorchSharp
open Paws.Model

/// Laws of the published objective of a whole batch, among other workers too.
[<RequireQualifiedAccess>]
module PawsBatchLaws =

    let private options (s: Setting) =
        PawsLossOptions.Create(s.Temperature, s.Sharpen, true)

    /// (value, gradient) by one tensor.
    let private along (f: torch.Tensor -> torch.Tensor) x =
        let struct (value, gradient) = Differentiate.valueAndGrad f x
        value, gradient

    /// Laws of the objective from the embeddings of a whole batch: options, support rows, images, small views, labels, z, h.
    let all ofBatch =
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
    let parts (parts: int -> int -> int -> torch.Tensor -> torch.Tensor -> torch.Tensor -> PawsStep) =
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

/// Mistakes in how the objective is put together, for one worker and for several.
module Paws.Tests.Model.MutantsOfObjective

open System
open TorchSharp
open Paws.Laws
open Paws.Model
open Paws.Tests.Model.Mutant

/// The published objective, with each step of it open to a mistake.
type private Steps = {
    Anchors: PawsLossOptions -> torch.Tensor -> torch.Tensor -> torch.Tensor -> torch.Tensor
    TargetPredictions: PawsLossOptions -> torch.Tensor -> torch.Tensor -> torch.Tensor -> torch.Tensor
    Targets: PawsLossOptions -> int -> torch.Tensor -> torch.Tensor
    CrossEntropy: torch.Tensor -> torch.Tensor -> torch.Tensor
    Regularise: PawsLossOptions -> torch.Tensor -> torch.Tensor
}

let private published = {
    Anchors = fun o supports labels anchors -> o.Classifier.Invoke(supports, labels, anchors)
    TargetPredictions = fun o supports labels views -> o.Classifier.Invoke(supports.detach (), labels, views.detach ())
    Targets = fun o small p -> Targets.create o.Sharpening.Invoke small p
    CrossEntropy = fun t p -> (Numerics.crossEntropy t p).mean()
    Regularise =
        fun o p ->
            match o.Regulariser with
            | Some regulariser ->
                o.Sharpening.Invoke p
                |> MeMax.meanPrediction o.Workers.AveragePrediction.Invoke
                |> regulariser.Invoke
            | None -> torch.zeros (1L, dtype = p.dtype) |> _.squeeze(0L)
}

let private evaluate (steps: Steps) o (anchors: torch.Tensor) supports labels (views: torch.Tensor) viewSupports : PawsLossResult =
    let p = steps.Anchors o supports labels anchors
    let large = steps.TargetPredictions o viewSupports labels views
    let small = int ((anchors.shape[0] - views.shape[0]) * 2L / views.shape[0])
    let t = steps.Targets o small large
    let crossEntropy, meMax = steps.CrossEntropy t p, steps.Regularise o p

    {
        Total = Scalars.add crossEntropy meMax
        CrossEntropy = crossEntropy
        MeMax = meMax
        Support = torch.zeros_like crossEntropy
        TargetConfidence = t.detach().narrow(0L, 0L, views.shape[0]).amax([| 1L |]).mean()
        Predictions = p
        Targets = t
    }

/// A mistake in the objective has to get past the laws of every objective, and those of the published one.
let private objective mistake steps =
    let asAny: Objective =
        fun s step ->
            let options = PawsLossOptions.Create(s.Temperature, s.Sharpen, true)
            (evaluate steps options step.Anchors step.Supports step.Labels step.Targets step.TargetSupports).Total

    mutant $"objective: {mistake}" (PawsLaws.parts (evaluate steps) @ ObjectiveLaws.all asAny)

let private regularised (make: PawsLossOptions -> torch.Tensor -> torch.Tensor) = {
    published with
        Regularise =
            fun o p ->
                match o.Regulariser with
                | Some regulariser -> regulariser.Invoke(make o p)
                | None -> published.Regularise o p
}

let private objectives = [
    objective "targets not swapped" {
        published with
            TargetPredictions = fun o s y v -> published.TargetPredictions o s y (Targets.swap v)
    }
    objective "detach forgotten: targets carry gradient" {
        published with
            TargetPredictions = fun o s y v -> o.Classifier.Invoke(s, y, v)
            Targets =
                fun o m p ->
                    let large = o.Sharpening.Invoke p
                    let halves = large.chunk (2L, 0L)
                    torch.cat (Array.append [| large |] (Array.create m (half halves[0] halves[1])), 0L)
    }
    objective "detach misplaced: the anchors' supports are constants" {
        published with
            Anchors = fun o s y a -> o.Classifier.Invoke(s.detach (), y, a)
    }
    objective "detach misplaced: the anchors are constants" {
        published with
            Anchors = fun o s y a -> o.Classifier.Invoke(s, y, a.detach ())
    }
    objective "gradient on the wrong side: predictions constant, targets learn" {
        published with
            Anchors = fun o s y a -> (o.Classifier.Invoke(s, y, a)).detach()
            TargetPredictions = fun o s y v -> o.Classifier.Invoke(s, y, v)
            Targets = fun o _ p -> o.Sharpening.Invoke p
            CrossEntropy = fun t p -> (Numerics.crossEntropy t (p.narrow (0L, 0L, t.shape[0]))).mean()
    }
    objective "small views left out" {
        published with
            Targets =
                fun o small p ->
                    let large = Targets.create o.Sharpening.Invoke 0 p

                    torch.cat (
                        [|
                            large
                            large.new_zeros [| int64 small * large.shape[0] / 2L; large.shape[1] |]
                        |],
                        0L
                    )
    }
    objective "sum over views instead of mean" {
        published with
            CrossEntropy = fun t p -> (Numerics.crossEntropy t p).sum()
    }
    objective "cross-entropy halved" {
        published with
            CrossEntropy = fun t p -> (Numerics.crossEntropy t p).mean() |> Scalars.multiply 0.5
    }
    objective "cross-entropy the wrong way round" {
        published with
            CrossEntropy = fun t p -> (Numerics.crossEntropy p (Scalars.clampMin 1e-6 t)).mean()
    }
    objective "predictions sharpened in the cross-entropy too" {
        published with
            CrossEntropy = fun t p -> (Numerics.crossEntropy t (Sharpening.sharpen 0.5 p)).mean()
    }
    objective "sharpening after the mean" (regularised (fun o p -> (o.Sharpening.Invoke(p.mean ([| 0L |], keepdim = true))).squeeze 0L))
    objective "ME-Max of the unsharpened predictions" (regularised (fun _ p -> p.mean [| 0L |]))
    objective "ME-Max detached" (regularised (fun o p -> (o.Sharpening.Invoke(p.detach ())).mean [| 0L |]))
    objective
        "ME-Max over the first half of the views only"
        (regularised (fun o p -> (o.Sharpening.Invoke(p.narrow (0L, 0L, max 1L (p.shape[0] / 2L)))).mean [| 0L |]))
    objective "mean of entropies instead of entropy of the mean" {
        published with
            Regularise =
                fun o p ->
                    match o.Regulariser with
                    | Some _ -> (Numerics.entropy (o.Sharpening.Invoke p)).mean().neg()
                    | None -> published.Regularise o p
    }
    objective "ME-Max subtracted" {
        published with
            Regularise = fun o p -> (published.Regularise o p).neg()
    }
]

/// The supports of the anchors used for the targets, which needs the whole evaluation.
let private sharedSupports =
    let wrong o anchors supports labels views (_: torch.Tensor) =
        PawsLoss.evaluate o anchors supports labels views supports

    mutant "objective: targets against the anchors' supports" (PawsLaws.parts wrong)

let private weights = [
    mutant
        "weights: divided by their sum"
        (PawsLaws.distributions (fun o w p t -> PawsLoss.ofPredictions o (w |> Option.map (fun (w: torch.Tensor) -> w.div (w.mean ()))) p t))
    mutant "weights: ignored" (PawsLaws.distributions (fun o _ p t -> PawsLoss.ofPredictions o None p t))
    mutant
        "weights: their mean for every image"
        (PawsLaws.distributions (fun o w p t ->
            match w with
            | Some w -> PawsLoss.ofPredictions o (Some(w.mean().expand(w.shape[0]))) p t
            | None -> PawsLoss.ofPredictions o None p t))
]

/// The objective of a batch that meets other workers in a changed way.
let private amongWorkers (change: PawsWorkers -> PawsWorkers) =
    PawsBatchLaws.all (fun o s b m y z h -> PawsLoss.ofBatch (o.WithWorkers(change o.Workers)) s b m y z h)

let private batches = [
    mutant "batch: targets after the prediction head" (PawsBatchLaws.all (fun o s b m y z _ -> PawsLoss.ofBatch o s b m y z z))
    mutant
        "batch: anchors before the prediction head"
        (PawsBatchLaws.all (fun o s b m y z h ->
            if obj.ReferenceEquals(z, h) then
                PawsLoss.ofBatch o s b m y z h
            else
                PawsLoss.ofBatch o s b m y h h))
    mutant
        "batch: gradient of gathered supports not summed over workers"
        (amongWorkers (fun workers ->
            let gather (own: torch.Tensor) =
                let all = workers.GatherSupports.Invoke own

                let ofOthersConstant (rows: torch.Tensor) =
                    if rows.Equals own then rows else rows.detach ()

                torch.cat (all.chunk (all.shape[0] / own.shape[0], 0L) |> Array.map ofOthersConstant, 0L)

            {
                workers with
                    GatherSupports = Func<_, _> gather
            }))
    mutant
        "batch: mean prediction of a worker alone"
        (amongWorkers (fun workers -> {
            workers with
                AveragePrediction = Func<_, _> id
        }))
    mutant
        "batch: gradient of the mean prediction divided by the workers"
        (amongWorkers (fun workers ->
            let average (own: torch.Tensor) =
                let whole = workers.AveragePrediction.Invoke own
                let share = if whole.Equals own then 1.0 else 0.5
                Scalars.add (whole.detach ()) (own.sub (own.detach ()) |> Scalars.multiply share)

            {
                workers with
                    AveragePrediction = Func<_, _> average
            }))
    mutant
        "batch: views image by image instead of view by view"
        (PawsBatchLaws.all (fun o s b m y (z: torch.Tensor) h ->
            let views = z.narrow (0L, int64 s, int64 ((2 + m) * b))
            let d = z.shape[1]

            let mixed =
                views.reshape(int64 b, int64 (2 + m), d).transpose(0L, 1L).reshape(views.shape[0], d)

            let moved = torch.cat ([| z.narrow (0L, 0L, int64 s); mixed |], 0L)
            PawsLoss.ofBatch o s b m y moved (if obj.ReferenceEquals(z, h) then moved else h)))
    mutant
        "batch: loss in the encoder's precision"
        (PawsBatchLaws.all (fun o s b m y (z: torch.Tensor) h ->
            let r = PawsLoss.ofBatch o s b m y z h

            {
                r with
                    Total = r.Total.to_type z.dtype
            }))
]

/// All of them.
let all = List.concat [ objectives; [ sharedSupports ]; weights; batches ]

/// Mistakes that people really make in these losses, planted one at a time. Each mutant is given to the laws of the part that it
/// stands for; the suite is good for something only if all of them are caught.
module Paws.Tests.Model.Mutants

open System
open TorchSharp
open Paws.Laws
open Paws.Model

type Mutant = { Mistake: string; Laws: Law list }

let private mutant mistake laws = { Mistake = mistake; Laws = laws }

let private unit = Numerics.l2Normalise

let private cosines (a: torch.Tensor) (b: torch.Tensor) = (unit a).mm((unit b).t())

// ---- small functions

let private numerics = [
    mutant "unit rows: normalisation dropped" (DistributionLaws.normalise (fun x -> x.clone ()))
    mutant "unit rows: over the wrong axis" (DistributionLaws.normalise (fun x -> torch.nn.functional.normalize (x, p = 2.0, dim = 0L)))
    mutant
        "unit rows: divided by the squared length"
        (DistributionLaws.normalise (fun x -> x.div ((x.square().sum([| 1L |], keepdim = true)).clamp_min(1e-12.ToScalar()))))
    mutant
        "unit rows: no guard against zero"
        (DistributionLaws.normalise (fun x -> x.div (x.square().sum([| 1L |], keepdim = true).sqrt())))
    mutant
        "unit rows: gradient does not pass the length"
        (DistributionLaws.normalise (fun x ->
            x.div (
                Scalars.clampMin 1e-12 (x.square().sum([| 1L |], keepdim = true).sqrt())
                |> _.detach()
            )))
    mutant "cross-entropy: arguments exchanged" (DistributionLaws.crossEntropy (fun t p -> Numerics.crossEntropy p t))
    mutant "cross-entropy: sign forgotten" (DistributionLaws.crossEntropy (fun t p -> (Numerics.crossEntropy t p).neg()))
    mutant
        "cross-entropy: mean over classes instead of sum"
        (DistributionLaws.crossEntropy (fun t p -> Numerics.crossEntropy t p |> Scalars.divide (float p.shape[1])))
    mutant
        "cross-entropy: logarithm to base 2"
        (DistributionLaws.crossEntropy (fun t p -> Numerics.crossEntropy t p |> Scalars.divide (log 2.0)))
    mutant "cross-entropy: 0 · log 0 not a number" (DistributionLaws.crossEntropy (fun t p -> t.mul(p.log ()).sum(-1L).neg()))
    mutant
        "cross-entropy: ε added inside the logarithm"
        (DistributionLaws.crossEntropy (fun t p -> t.mul((Scalars.shift 1e-3 p).log()).sum(-1L).neg()))
    mutant "entropy: sign forgotten" (DistributionLaws.entropy (fun p -> (Numerics.entropy p).neg()))
]

let private powers exponent (p: torch.Tensor) =
    let powers = Scalars.power exponent p
    powers.div (powers.sum (1L, keepdim = true))

let private sharpening = [
    mutant "sharpening: T for 1/T" (SharpeningLaws.all powers)
    mutant "sharpening: not normalised again" (SharpeningLaws.all (fun t p -> Scalars.power (1.0 / t) p))
    mutant
        "sharpening: normalised over images"
        (SharpeningLaws.all (fun t p ->
            let powers = Scalars.power (1.0 / t) p
            powers.div (powers.sum (0L, keepdim = true))))
    mutant "sharpening: softmax of p/T" (SharpeningLaws.all (fun t p -> (Scalars.divide t p).softmax 1L))
    mutant "sharpening: done twice" (SharpeningLaws.all (fun t p -> Sharpening.sharpen t (Sharpening.sharpen t p)))
    mutant "sharpening: left out" (SharpeningLaws.all (fun _ p -> p.clone ()))
    mutant
        "sharpening: powers vanish all together"
        (SharpeningLaws.all (fun t p ->
            let powers = Scalars.power (1.0 / t) (p.to_type torch.float32)
            (powers.div (powers.sum (1L, keepdim = true))).to_type p.dtype))
]

let private softmaxed (scores: torch.Tensor) (labels: torch.Tensor) = (scores.softmax 1L).mm labels

let private classifier = [
    mutant
        "classifier: softmax over the queries"
        (ClassifierLaws.all (fun tau s y q -> ((Scalars.divide tau (cosines q s)).softmax 0L).mm y))
    mutant "classifier: multiplied by τ" (ClassifierLaws.all (fun tau s y q -> softmaxed (Scalars.multiply tau (cosines q s)) y))
    mutant
        "classifier: queries not normalised"
        (ClassifierLaws.all (fun tau s y q -> softmaxed (q.mm ((unit s).t()) |> Scalars.divide tau) y))
    mutant
        "classifier: supports not normalised"
        (ClassifierLaws.all (fun tau s y q -> softmaxed ((unit q).mm(s.t ()) |> Scalars.divide tau) y))
    mutant "classifier: divided by τ twice" (ClassifierLaws.all (fun tau s y q -> softmaxed (Scalars.divide (tau * tau) (cosines q s)) y))
    mutant
        "classifier: divided by the number of supports, not by their mass"
        (ClassifierLaws.all (fun tau s y q ->
            (Scalars.divide tau (cosines q s)).exp().mm y
            |> Scalars.divide (float s.shape[0])))
    mutant "classifier: supports detached" (ClassifierLaws.all (fun tau s y q -> SoftNearestNeighbours.classify tau (s.detach ()) y q))
    mutant "classifier: queries detached" (ClassifierLaws.all (fun tau s y q -> SoftNearestNeighbours.classify tau s y (q.detach ())))
    mutant
        "classifier: exponentials without shift overflow"
        (ClassifierLaws.all (fun tau s y q ->
            let mass = (Scalars.divide tau (cosines q s)).exp()
            (mass.div (mass.sum (1L, keepdim = true))).mm y))
    mutant
        "classifier: distances instead of similarities"
        (ClassifierLaws.all (fun tau s y q -> softmaxed ((cosines q s).neg() |> Scalars.divide tau) y))
    mutant
        "evaluation: labels of the next support"
        (ClassifierLaws.evaluation (fun n tau k s (y: torch.Tensor) q ->
            SoftNearestNeighbourClassifier.probabilitiesInChunks n tau k s (y.roll ([| 1L |], [| 0L |])) q))
    mutant
        "top-k: ties count as right"
        (ClassifierLaws.topK (fun k p y ->
            let own = p.gather (1L, y.unsqueeze 1L)
            let ahead = p.gt(own).sum 1L
            (Scalars.less (float k) ahead).to_type(torch.float64).mean().ToDouble()))
]

// ---- ME-Max, targets, labels

let private meMax = [
    mutant "ME-Max: sign" (MeMaxLaws.regulariser Numerics.entropy)
    mutant "ME-Max: left out" (MeMaxLaws.regulariser (fun p -> p.sum () |> Scalars.multiply 0.0))
    mutant "ME-Max: detached" (MeMaxLaws.regulariser (fun p -> (MeMax.regulariser (p.detach ())).add(p.sum () |> Scalars.multiply 0.0)))
    mutant "ME-Max: divided by log K" (MeMaxLaws.regulariser (fun p -> MeMax.regulariser p |> Scalars.divide (log (float p.shape[0]))))
    mutant "mean prediction: mean over classes" (MeMaxLaws.mean (fun average p -> average (p.mean [| 1L |])))
    mutant "mean prediction: sum over rows" (MeMaxLaws.mean (fun average p -> average (p.sum [| 0L |])))
    mutant "mean prediction: not averaged over workers" (MeMaxLaws.mean (fun _ p -> p.mean [| 0L |]))
    mutant
        "class prior: divergence the wrong way round"
        (MeMaxLaws.towards (fun prior p ->
            let divergence = prior.mul(prior.div(p).log()).sum()
            divergence |> Scalars.shift -(log (float p.shape[0]))))
    mutant
        "class prior: log K forgotten"
        (MeMaxLaws.towards (fun prior p -> MeMax.towards prior p |> Scalars.shift (log (float p.shape[0]))))
    mutant "class prior: prior ignored" (MeMaxLaws.towards (fun _ p -> MeMax.regulariser p))
]

let private targetsWith
    (small: torch.Tensor -> torch.Tensor -> torch.Tensor)
    (sharpen: torch.Tensor -> torch.Tensor)
    views
    (p: torch.Tensor)
    =
    let large = sharpen (p.detach ())
    let halves = large.chunk (2L, 0L)

    let all =
        torch.cat (Array.append [| large |] (Array.create views (small halves[0] halves[1])), 0L)

    Scalars.maskedFill (Scalars.less 1e-4 all) 0.0 all

let private half (a: torch.Tensor) b = Scalars.add a b |> Scalars.multiply 0.5

let private targets = [
    mutant
        "targets: not detached"
        (TargetLaws.all (fun sharpen m p ->
            let large = sharpen p
            let halves = large.chunk (2L, 0L)

            let all =
                torch.cat (Array.append [| large |] (Array.create m (half halves[0] halves[1])), 0L)

            Scalars.maskedFill (Scalars.less 1e-4 all) 0.0 all))
    mutant "targets: not sharpened" (TargetLaws.all (fun _ m p -> targetsWith half id m p))
    mutant
        "targets: small probabilities kept"
        (TargetLaws.all (fun sharpen m p ->
            let large = sharpen (p.detach ())
            let halves = large.chunk (2L, 0L)
            torch.cat (Array.append [| large |] (Array.create m (half halves[0] halves[1])), 0L)))
    mutant
        "targets: normalised again after the threshold"
        (TargetLaws.all (fun sharpen m p ->
            let t = targetsWith half sharpen m p
            t.div (t.sum (1L, keepdim = true))))
    mutant
        "targets: small views get the mean sharpened, not the sharpened mean's parts"
        (TargetLaws.all (fun sharpen m p ->
            let halves = p.detach().chunk(2L, 0L)
            let mean = sharpen (half halves[0] halves[1])
            targetsWith (fun _ _ -> mean) sharpen m p))
    mutant "targets: small views get the first view's alone" (TargetLaws.all (targetsWith (fun a _ -> a)))
    mutant "targets: small views get the sum of the two" (TargetLaws.all (targetsWith (fun a b -> Scalars.add a b)))
    mutant "swap: left out" (TargetLaws.swap (fun x -> x.clone ()))
    mutant "swap: rolled by one row" (TargetLaws.swap (fun x -> x.roll ([| 1L |], [| 0L |])))
]

let private labels =
    let create order columns on off =
        fun classes images workers unique smoothing ->
            let perWorker = classes * images
            let all = workers * classes

            let values =
                Array.init (workers * perWorker * all) (fun i ->
                    let row, column = i / all, i % all
                    let within = row % perWorker

                    let own =
                        order classes images within + (if unique then row / perWorker * classes else 0)

                    if column = own then
                        on classes all unique smoothing
                    elif column < columns classes all unique then
                        off classes all unique smoothing
                    else
                        0.0)

            torch.tensor(values, dtype = torch.float64).reshape(int64 (workers * perWorker), int64 all)

    let known classes all unique = if unique then all else classes
    let share classes all unique s = s / float (known classes all unique)
    let sampler classes _ within = within % classes

    [
        mutant
            "labels: image by image (a a b b), not class by class (a b a b)"
            (LabelLaws.all (create (fun _ images within -> within / images) known (fun c a u s -> 1.0 - s + share c a u s) share))
        mutant
            "labels: smoothed over a worker's classes, not all"
            (LabelLaws.all (create sampler known (fun c _ _ s -> 1.0 - s + s / float c) (fun c _ _ s -> s / float c)))
        mutant
            "labels: smoothing spread over the other classes only"
            (LabelLaws.all (create sampler known (fun _ _ _ s -> 1.0 - s) (fun c a u s -> s / float (known c a u - 1))))
        mutant "labels: not smoothed" (LabelLaws.all (create sampler known (fun _ _ _ _ -> 1.0) (fun _ _ _ _ -> 0.0)))
        mutant
            "labels: smoothing into columns that nobody has"
            (LabelLaws.all (create sampler (fun _ a _ -> a) (fun c a u s -> 1.0 - s + share c a u s) share))
    ]

// ---- the objective

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
    PawsLaws.batch (fun o s b m y z h -> PawsLoss.ofBatch (o.WithWorkers(change o.Workers)) s b m y z h)

let private batches = [
    mutant "batch: targets after the prediction head" (PawsLaws.batch (fun o s b m y z _ -> PawsLoss.ofBatch o s b m y z z))
    mutant
        "batch: anchors before the prediction head"
        (PawsLaws.batch (fun o s b m y z h ->
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
        (PawsLaws.batch (fun o s b m y (z: torch.Tensor) h ->
            let views = z.narrow (0L, int64 s, int64 ((2 + m) * b))
            let d = z.shape[1]

            let mixed =
                views.reshape(int64 b, int64 (2 + m), d).transpose(0L, 1L).reshape(views.shape[0], d)

            let moved = torch.cat ([| z.narrow (0L, 0L, int64 s); mixed |], 0L)
            PawsLoss.ofBatch o s b m y moved (if obj.ReferenceEquals(z, h) then moved else h)))
    mutant
        "batch: loss in the encoder's precision"
        (PawsLaws.batch (fun o s b m y (z: torch.Tensor) h ->
            let r = PawsLoss.ofBatch o s b m y z h

            {
                r with
                    Total = r.Total.to_type z.dtype
            }))
]

// ---- the rest of the family

let private contrast keepSelf tau (z: torch.Tensor) (positives: torch.Tensor -> torch.Tensor) =
    let scores = cosines z z |> Scalars.divide tau
    let own = torch.eye (z.shape[0], dtype = torch.bool)

    let masked =
        if keepSelf then
            scores
        else
            Scalars.maskedFill own -infinity scores

    masked.logsumexp(1L).sub(positives scores).mean()

let private otherView (scores: torch.Tensor) =
    scores.roll([| scores.shape[0] / 2L |], [| 1L |]).diagonal()

let private family = [
    mutant
        "SuNCEt: a row may vote for itself"
        (ContrastiveLaws.suncet (fun tau z y ->
            let p = ((cosines z z |> Scalars.divide tau).softmax 1L).mm y
            (Numerics.crossEntropy y p).mean()))
    mutant "SuNCEt: multiplied by τ" (ContrastiveLaws.suncet (fun tau z y -> SuncetLoss.evaluate (1.0 / tau) z y))
    mutant
        "SuNCEt: mean of logarithms instead of logarithm of the mass"
        (ContrastiveLaws.suncet (fun tau z y ->
            let own = torch.eye (z.shape[0], dtype = torch.bool)

            let logs =
                (Scalars.maskedFill own -1e9 (cosines z z |> Scalars.divide tau)).log_softmax 1L

            let same = (Scalars.maskedFill own 0.0 (y.mm (y.t ())))
            same.mul(logs).sum(1L).div(Scalars.clampMin 1e-12 (same.sum 1L)).mean().neg()))
    mutant
        "NT-Xent: a row is its own negative"
        (let wrong tau z = contrast true tau z otherView
         ContrastiveLaws.ntXent wrong wrong)
    mutant
        "NT-Xent: the next row is the positive"
        (let wrong tau z =
            contrast false tau z (fun scores -> scores.roll([| -1L |], [| 1L |]).diagonal())

         ContrastiveLaws.ntXent wrong wrong)
    mutant "NT-Xent: nothing detached where it should be" (ContrastiveLaws.ntXent NtXentLoss.evaluate NtXentLoss.evaluate)
    mutant
        "NT-Xent: everything detached"
        (ContrastiveLaws.ntXent NtXentLoss.evaluate (fun tau z ->
            Scalars.add (NtXentLoss.evaluate tau (z.detach ())) (z.sum () |> Scalars.multiply 0.0)))
    mutant
        "BYOL: targets learn"
        (FamilyLaws.byol (fun p z ->
            (unit p).mul(Targets.swap (unit z)).sum(1L).mean()
            |> Scalars.multiply -2.0
            |> Scalars.shift 2.0))
    mutant "BYOL: each view predicts itself" (FamilyLaws.byol (fun p z -> ByolLoss.evaluate p (Targets.swap z)))
    mutant "BYOL: not normalised" (FamilyLaws.byol (fun p z -> p.sub(Targets.swap (z.detach ())).square().sum(1L).mean()))
    mutant
        "SwAV: Sinkhorn ends with the columns"
        (FamilyLaws.assign (fun eps n scores ->
            let rows = SwavLoss.assign eps n scores
            rows.div (rows.sum (0L, keepdim = true))))
    mutant "SwAV: softmax instead of Sinkhorn" (FamilyLaws.assign (fun eps _ scores -> (Scalars.divide eps scores).detach().softmax 1L))
    mutant
        "SwAV: assignments learn"
        (FamilyLaws.assign (fun eps n scores ->
            let found = SwavLoss.assign eps n scores
            Scalars.add found (scores.sum () |> Scalars.multiply 0.0)))
    mutant
        "SwAV: a view predicts its own assignment too"
        (FamilyLaws.swav (fun o m c z ->
            let scores = cosines z c
            let all = scores.chunk (int64 (2 + m), 0L)

            [|
                for large in 0..1 do
                    for other in all do
                        let logs = (Scalars.divide o.Temperature other).log_softmax 1L
                        (SwavLoss.assign o.Epsilon o.Iterations all[large]).mul(logs).sum(1L).mean().neg()
            |]
            |> torch.stack
            |> _.mean()))
    mutant
        "RoPAWS: missing mass not given to the uniform label"
        (FamilyLaws.ropaws (fun o s y q ->
            let found = Ropaws.targets o s y q

            let missing =
                found.InDomain.neg () |> Scalars.shift 1.0 |> Scalars.divide (float y.shape[1])

            {
                found with
                    Predictions = found.Predictions.sub (missing.unsqueeze 1L)
            }))
    mutant "RoPAWS: prior left out" (FamilyLaws.ropaws (fun o s y q -> Ropaws.targets { o with PriorTemperature = 1e12 } s y q))
    mutant "RoPAWS: label ratio left out" (FamilyLaws.ropaws (fun o s y q -> Ropaws.targets { o with LabelRatio = 1.0 } s y q))
    mutant
        "RoPAWS: queries do not inform each other"
        (FamilyLaws.ropaws (fun o s y q ->
            let each =
                Array.init (int q.shape[0]) (fun i -> Ropaws.targets o s y (q.narrow (0L, int64 i, 1L)))

            {
                Predictions = torch.cat (each |> Array.map (fun (one: RopawsTargets) -> one.Predictions), 0L)
                InDomain = torch.cat (each |> Array.map (fun (one: RopawsTargets) -> one.InDomain), 0L)
            }))
    mutant
        "RoPAWS: weights not averaged over views"
        (FamilyLaws.ropawsWeights (fun o mass -> (mass.chunk (2L, 0L))[0] |> Scalars.power o.PriorPower))
    mutant
        "distillation: scaled by τ²"
        (FamilyLaws.distillation (fun tau t s -> DistillationLoss.evaluate tau t s |> Scalars.multiply (tau * tau)))
    mutant "distillation: teacher and student exchanged" (FamilyLaws.distillation (fun tau t s -> DistillationLoss.evaluate tau s t))
    mutant
        "distillation: logarithm of a softmax that has vanished"
        (FamilyLaws.distillation (fun tau t s ->
            let p (x: torch.Tensor) = (Scalars.divide tau x).softmax 1L
            ((p (t.detach ())).mul((p s).log())).sum(1L).mean().neg()))
    mutant
        "FixMatch: mean over the confident images only"
        (FamilyLaws.fixMatch (fun least weak strong ->
            let r = FixMatchLoss.evaluate least weak strong

            {
                r with
                    Loss = r.Loss.div (Scalars.clampMin 1e-9 r.Confident)
            }))
    mutant "FixMatch: confidence of the strong view" (FamilyLaws.fixMatch (fun least _ strong -> FixMatchLoss.evaluate least strong strong))
    mutant
        "FixMatch: soft pseudo-labels"
        (FamilyLaws.fixMatch (fun least weak strong ->
            let q = weak.detach().softmax 1L
            let counts = (Scalars.atLeast least (q.amax [| 1L |])).to_type torch.float64
            let each = q.mul(strong.log_softmax 1L).sum(1L).neg()

            {
                Loss = each.mul(counts).mean()
                Confident = counts.mean ()
            }))
    mutant
        "FixMatch: the weak view learns"
        (FamilyLaws.fixMatch (fun least weak strong ->
            let r = FixMatchLoss.evaluate least weak strong

            {
                r with
                    Loss = Scalars.add r.Loss (weak.square().mean() |> Scalars.multiply 1e-6)
            }))
]

/// All planted mistakes.
let all =
    List.concat [
        numerics
        sharpening
        classifier
        meMax
        targets
        labels
        objectives
        [ sharedSupports ]
        weights
        batches
        family
    ]

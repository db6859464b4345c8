/// Mistakes in the parts of the objective: distances, sharpening, classifier, ME-Max, targets, labels.
module Paws.Tests.Model.MutantsOfParts

open System
open TorchSharp
open Paws.Laws
open Paws.Model
open Paws.Tests.Model.Mutant

let private numerics = [
    mutant "unit rows: normalisation dropped" (DistributionLaws.normalise (fun x -> x.clone ()))
    mutant "unit rows: over the wrong axis" (DistributionLaws.normalise (fun x -> torch.nn.functional.normalize (x, p = 2.0, dim = 0L)))
    mutant
        "unit rows: divided by the squared length"
        (DistributionLaws.normalise (fun x -> x.div (Scalars.clampMin 1e-12 ((Scalars.square x).sum([| 1L |], keepdim = true)))))
    mutant
        "unit rows: no guard against zero"
        (DistributionLaws.normalise (fun x -> x.div ((Scalars.square x).sum([| 1L |], keepdim = true).sqrt())))
    mutant
        "unit rows: gradient does not pass the length"
        (DistributionLaws.normalise (fun x ->
            x.div (
                Scalars.clampMin 1e-12 ((Scalars.square x).sum([| 1L |], keepdim = true).sqrt())
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
            Scalars.value ((Scalars.less (float k) ahead).to_type(torch.float64).mean())))
]

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

/// All of them.
let all = List.concat [ numerics; sharpening; classifier; meMax; targets; labels ]

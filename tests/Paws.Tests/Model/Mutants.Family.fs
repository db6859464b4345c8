/// Mistakes in the other losses.
module Paws.Tests.Model.MutantsOfFamily

open System
open TorchSharp
open Paws.Laws
open Paws.Model
open Paws.Tests.Model.Mutant

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
        (SuncetLaws.all (fun tau z y ->
            let p = ((cosines z z |> Scalars.divide tau).softmax 1L).mm y
            (Numerics.crossEntropy y p).mean()))
    mutant "SuNCEt: multiplied by τ" (SuncetLaws.all (fun tau z y -> SuncetLoss.evaluate (1.0 / tau) z y))
    mutant
        "SuNCEt: mean of logarithms instead of logarithm of the mass"
        (SuncetLaws.all (fun tau z y ->
            let own = torch.eye (z.shape[0], dtype = torch.bool)

            let logs =
                (Scalars.maskedFill own -1e9 (cosines z z |> Scalars.divide tau)).log_softmax 1L

            let same = (Scalars.maskedFill own 0.0 (y.mm (y.t ())))
            same.mul(logs).sum(1L).div(Scalars.clampMin 1e-12 (same.sum 1L)).mean().neg()))
    mutant
        "NT-Xent: a row is its own negative"
        (let wrong tau z = contrast true tau z otherView
         NtXentLaws.all wrong wrong)
    mutant
        "NT-Xent: the next row is the positive"
        (let wrong tau z =
            contrast false tau z (fun scores -> scores.roll([| -1L |], [| 1L |]).diagonal())

         NtXentLaws.all wrong wrong)
    mutant "NT-Xent: nothing detached where it should be" (NtXentLaws.all NtXentLoss.evaluate NtXentLoss.evaluate)
    mutant
        "NT-Xent: everything detached"
        (NtXentLaws.all NtXentLoss.evaluate (fun tau z ->
            Scalars.add (NtXentLoss.evaluate tau (z.detach ())) (z.sum () |> Scalars.multiply 0.0)))
    mutant
        "BYOL: targets learn"
        (ByolLaws.all (fun p z ->
            (unit p).mul(Targets.swap (unit z)).sum(1L).mean()
            |> Scalars.multiply -2.0
            |> Scalars.shift 2.0))
    mutant "BYOL: each view predicts itself" (ByolLaws.all (fun p z -> ByolLoss.evaluate p (Targets.swap z)))
    mutant "BYOL: not normalised" (ByolLaws.all (fun p z -> (Scalars.square (p.sub (Targets.swap (z.detach ())))).sum(1L).mean()))
    mutant
        "SwAV: Sinkhorn ends with the columns"
        (SwavLaws.assign (fun eps n scores ->
            let rows = SwavLoss.assign eps n scores
            rows.div (rows.sum (0L, keepdim = true))))
    mutant "SwAV: softmax instead of Sinkhorn" (SwavLaws.assign (fun eps _ scores -> (Scalars.divide eps scores).detach().softmax 1L))
    mutant
        "SwAV: assignments learn"
        (SwavLaws.assign (fun eps n scores ->
            let found = SwavLoss.assign eps n scores
            Scalars.add found (scores.sum () |> Scalars.multiply 0.0)))
    mutant
        "SwAV: a view predicts its own assignment too"
        (SwavLaws.all (fun o m c z ->
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
        (RopawsLaws.targets (fun o s y q ->
            let found = Ropaws.targets o s y q

            let missing =
                found.InDomain.neg () |> Scalars.shift 1.0 |> Scalars.divide (float y.shape[1])

            {
                found with
                    Predictions = found.Predictions.sub (missing.unsqueeze 1L)
            }))
    mutant "RoPAWS: prior left out" (RopawsLaws.targets (fun o s y q -> Ropaws.targets { o with PriorTemperature = 1e12 } s y q))
    mutant "RoPAWS: label ratio left out" (RopawsLaws.targets (fun o s y q -> Ropaws.targets { o with LabelRatio = 1.0 } s y q))
    mutant
        "RoPAWS: queries do not inform each other"
        (RopawsLaws.targets (fun o s y q ->
            let each =
                Array.init (int q.shape[0]) (fun i -> Ropaws.targets o s y (q.narrow (0L, int64 i, 1L)))

            {
                Predictions = torch.cat (each |> Array.map (fun (one: RopawsTargets) -> one.Predictions), 0L)
                InDomain = torch.cat (each |> Array.map (fun (one: RopawsTargets) -> one.InDomain), 0L)
            }))
    mutant
        "RoPAWS: weights not averaged over views"
        (RopawsLaws.weights (fun o mass -> (mass.chunk (2L, 0L))[0] |> Scalars.power o.PriorPower))
    mutant
        "distillation: scaled by τ²"
        (DistillationLaws.all (fun tau t s -> DistillationLoss.evaluate tau t s |> Scalars.multiply (tau * tau)))
    mutant "distillation: teacher and student exchanged" (DistillationLaws.all (fun tau t s -> DistillationLoss.evaluate tau s t))
    mutant
        "distillation: logarithm of a softmax that has vanished"
        (DistillationLaws.all (fun tau t s ->
            let p (x: torch.Tensor) = (Scalars.divide tau x).softmax 1L
            ((p (t.detach ())).mul((p s).log())).sum(1L).mean().neg()))
    mutant
        "FixMatch: mean over the confident images only"
        (FixMatchLaws.all (fun least weak strong ->
            let r = FixMatchLoss.evaluate least weak strong

            {
                r with
                    Loss = r.Loss.div (Scalars.clampMin 1e-9 r.Confident)
            }))
    mutant "FixMatch: confidence of the strong view" (FixMatchLaws.all (fun least _ strong -> FixMatchLoss.evaluate least strong strong))
    mutant
        "FixMatch: soft pseudo-labels"
        (FixMatchLaws.all (fun least weak strong ->
            let q = weak.detach().softmax 1L
            let counts = (Scalars.atLeast least (q.amax [| 1L |])).to_type torch.float64
            let each = q.mul(strong.log_softmax 1L).sum(1L).neg()

            {
                Loss = each.mul(counts).mean()
                Confident = counts.mean ()
            }))
    mutant
        "FixMatch: the weak view learns"
        (FixMatchLaws.all (fun least weak strong ->
            let r = FixMatchLoss.evaluate least weak strong

            {
                r with
                    Loss = Scalars.add r.Loss ((Scalars.square weak).mean() |> Scalars.multiply 1e-6)
            }))
]

/// All of them.
let all = family

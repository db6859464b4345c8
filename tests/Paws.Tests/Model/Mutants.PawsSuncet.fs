/// Mistakes in the term that PAWS + SuNCEt adds.
module Paws.Tests.Model.MutantsOfPawsSuncet

open System
open TorchSharp
open Paws.Laws
open Paws.Model
open Paws.Tests.Model.Mutant

let private published: PawsSuncetLaws.WithTerm =
    fun options weight temperature -> options.WithSuncet(weight, temperature)

/// A mistake in the term itself: temperature, supports and labels to what is multiplied by the weight.
let private term mistake (wrong: float -> torch.Tensor -> torch.Tensor -> torch.Tensor) =
    let withTerm: PawsSuncetLaws.WithTerm =
        fun options weight temperature ->
            let right = published options weight temperature

            {
                right with
                    SupportTerm =
                        right.SupportTerm
                        |> Option.map (fun _ -> Func<_, _, _>(fun z y -> Scalars.multiply weight (wrong temperature z y)))
            }

    mutant $"support term: {mistake}" (PawsSuncetLaws.parts withTerm PawsLoss.evaluate)

/// A mistake in what is asked for: options with weight and temperature to options.
let private asked mistake withTerm =
    mutant $"support term: {mistake}" (PawsSuncetLaws.parts withTerm PawsLoss.evaluate)

/// A mistake in where the term goes.
let private placed mistake (change: PawsLossOptions -> PawsLossResult -> PawsLossResult) =
    mutant $"support term: {mistake}" (PawsSuncetLaws.parts published (fun o a s y t ts -> change o (PawsLoss.evaluate o a s y t ts)))

/// SuNCEt with the similarities changed before their softmax.
let private changed (change: torch.Tensor -> torch.Tensor) temperature (z: torch.Tensor) (y: torch.Tensor) =
    let p = (cosines z z |> Scalars.divide temperature |> change).softmax(1L).mm y
    (Numerics.crossEntropy y p).mean()

/// Only the first rows of the gathered supports and labels reach the term.
let private ofSome (rows: int) (options: PawsLossOptions) = {
    options with
        SupportTerm =
            options.SupportTerm
            |> Option.map (fun term ->
                Func<_, _, _>(fun (z: torch.Tensor) (y: torch.Tensor) ->
                    term.Invoke(z.narrow (0L, 0L, int64 rows), y.narrow (0L, 0L, int64 rows))))
}

/// All of them.
let all = [
    term "the diagonal counted: a row is its own neighbour" (changed id)
    term "labels made one-hot" (fun t z y ->
        let hard =
            torch.zeros_like(y).scatter(1L, y.argmax (1L, keepdim = true), torch.ones_like y)

        SuncetLoss.evaluate t z hard)
    term "labels smoothed again" (fun t z y ->
        let uniform = 0.1 / float y.shape[1]
        SuncetLoss.evaluate t z (y |> Scalars.multiply 0.9 |> Scalars.shift uniform))
    term "sign flipped" (fun t z y -> (SuncetLoss.evaluate t z y).neg())
    term "supports detached" (fun t z y -> SuncetLoss.evaluate t (z.detach().requires_grad_()) y)
    term "sum over supports instead of mean" (fun t z y -> SuncetLoss.evaluate t z y |> Scalars.multiply (float z.shape[0]))
    term "supports not scaled to unit length" (fun t z y ->
        let scores = z.mm (z.t ()) |> Scalars.divide t

        let own = torch.eye (z.shape[0], dtype = torch.bool)

        let p = (Scalars.maskedFill own -infinity scores).softmax(1L).mm y
        (Numerics.crossEntropy y p).mean())
    asked "weight ignored" (fun o weight t -> published o (if weight = 0.0 then 0.0 else 1.0) t)
    asked "weight 0 still computes a term of 1" (fun o weight t -> published o (if weight = 0.0 then 1.0 else weight) t)
    asked "weight squared" (fun o weight t -> published o (weight * weight) t)
    asked "weight 0 multiplies instead of leaving out" (fun o weight t ->
        if weight <> 0.0 then
            published o weight t
        else
            {
                o with
                    SupportTerm = Some(Func<_, _, _>(fun z y -> Scalars.multiply 1e-12 (SuncetLoss.evaluate t z y)))
            })
    asked "temperature of the objective for its own" (fun o weight t -> published o weight (t - 0.5))
    asked "temperature multiplied" (fun o weight t -> published o weight (1.0 / t))
    asked "a negative weight taken" (fun o weight t -> if weight < 0.0 then o else published o weight t)
    placed "reported and not added" (fun _ r -> {
        r with
            Total = Scalars.add r.CrossEntropy r.MeMax
    })
    placed "added and not reported" (fun _ r -> {
        r with
            Support = torch.zeros_like r.Support
    })
    placed "added to the cross-entropy as well" (fun _ r -> {
        r with
            CrossEntropy = Scalars.add r.CrossEntropy r.Support
    })
    placed "subtracted from the total" (fun _ r -> {
        r with
            Total = Scalars.add (Scalars.add r.CrossEntropy r.MeMax) (r.Support.neg ())
    })
    mutant
        "support term: of the targets' supports"
        (PawsSuncetLaws.parts published (fun o a s y t ts ->
            let r = PawsLoss.evaluate { o with SupportTerm = None } a s y t ts

            match o.SupportTerm with
            | None -> r
            | Some term ->
                let support = term.Invoke(ts, y)

                {
                    r with
                        Total = Scalars.add r.Total support
                        Support = support
                }))
    mutant
        "support term: gradient reaches the labels"
        (PawsSuncetLaws.parts published (fun o a s y t ts ->
            let r = PawsLoss.evaluate { o with SupportTerm = None } a s y t ts

            match o.SupportTerm with
            | None -> r
            | Some term ->
                let support = term.Invoke(s, y)

                {
                    r with
                        Total = Scalars.add r.Total support
                        Support = support
                }))
    mutant
        "support term, batch: only this worker's supports"
        (PawsSuncetLaws.batch published (fun o s b m y z h -> PawsLoss.ofBatch (ofSome s o) s b m y z h))
    mutant
        "support term, batch: supports before the prediction head"
        (PawsSuncetLaws.batch published (fun o s b m y z h ->
            let r = PawsLoss.ofBatch { o with SupportTerm = None } s b m y z h
            let supports = o.Workers.GatherSupports.Invoke(h.narrow (0L, 0L, int64 s))
            let support = o.SupportTerm.Value.Invoke(supports, y)

            {
                r with
                    Total = Scalars.add r.Total support
                    Support = support
            }))
    mutant
        "support term, batch: divided by the workers once more"
        (PawsSuncetLaws.batch published (fun o s b m y (z: torch.Tensor) h ->
            let r = PawsLoss.ofBatch o s b m y z h
            let workers = float (y.shape[0] / int64 s)

            {
                r with
                    Support = Scalars.divide workers r.Support
            }))
]

module Paws.Tests.Data.SamplingProps

open Expecto
open FsCheck
open FsCheck.FSharp
open Paws.Data.Sampling

/// A labeled set and a sampler of it: uneven classes, each with at least enough images.
type private World = {
    Labels: int[]
    Labeled: int[]
    Classes: int
    PerBatch: int
    PerClass: int
    Ranks: int
    Unique: bool
    Seed: uint64
}

type private Worlds =
    static member World() =
        gen {
            let! ranks = Gen.choose (1, 3)
            let! unique = Gen.elements [ true; false ]
            let! perBatch = Gen.choose (1, 4)
            let! more = Gen.choose (0, 5)
            let classes = (if unique then perBatch * ranks else perBatch) + more
            let! perClass = Gen.choose (1, 5)
            let! extra = Gen.arrayOfLength classes (Gen.choose (0, 12))
            let! seed = Gen.choose (0, 1000000)

            let labeled =
                extra |> Array.mapi (fun k e -> Array.create (perClass + e) k) |> Array.concat
            // Unlabeled images stand between: an index is not a position.
            let labels = labeled |> Array.collect (fun k -> [| k; (k + 1) % classes |])

            return {
                Labels = labels
                Labeled = Array.init labeled.Length (fun i -> 2 * i)
                Classes = classes
                PerBatch = perBatch
                PerClass = perClass
                Ranks = ranks
                Unique = unique
                Seed = uint64 seed
            }
        }
        |> Arb.fromGen

let private config = {
    FsCheckConfig.defaultConfig with
        maxTest = 100
        arbitrary = [ typeof<Worlds> ]
}

let private sampler w rank =
    SupportSampler(
        w.Labels,
        w.Labeled,
        [| for k in 1 .. w.Classes -> $"class {k}" |],
        w.PerBatch,
        w.PerClass,
        w.Seed,
        rank,
        w.Ranks,
        w.Unique
    )

let private distinct (items: 'a seq) =
    Seq.length (Seq.distinct items) = Seq.length items

[<Tests>]
let tests =
    testList "Data.Sampling laws" [
        testPropertyWithConfig config "a support batch is balanced, in sampler order, labeled, and has no image twice"
        <| fun (w: World) ->
            Seq.allPairs [ 0 .. w.Ranks - 1 ] [ 0..12 ]
            |> Seq.forall (fun (rank, step) ->
                let draw = (sampler w rank).At step
                let first = draw.Classes[.. w.PerBatch - 1]

                distinct first
                && draw.Classes = Array.concat (Array.replicate w.PerClass first)
                && distinct draw.Samples
                && Array.forall2 (fun s c -> w.Labels[s] = c && Array.contains s w.Labeled) draw.Samples draw.Classes)

        testPropertyWithConfig config "classes do not repeat until too few are left; ranks have classes of their own, or the same"
        <| fun (w: World) ->
            let samplers = [ for rank in 0 .. w.Ranks - 1 -> sampler w rank ]
            let classesAt step (s: SupportSampler) = s.At(step).Classes[.. w.PerBatch - 1]
            let perStep = if w.Unique then w.PerBatch * w.Ranks else w.PerBatch
            let stepsPerWalk = w.Classes / perStep

            Seq.init 4 (fun walk -> [ for i in 0 .. stepsPerWalk - 1 -> walk * stepsPerWalk + i ])
            |> Seq.forall (fun steps ->
                if w.Unique then
                    distinct (
                        seq {
                            for step in steps do
                                for s in samplers do
                                    yield! classesAt step s
                        }
                    )
                else
                    distinct (Seq.collect (fun step -> classesAt step samplers[0]) steps)
                    && steps
                       |> List.forall (fun step -> samplers |> List.forall (fun s -> classesAt step s = classesAt step samplers[0])))

        testPropertyWithConfig config "a class's draws walk through all its images, each at most twice"
        <| fun (w: World) ->
            // All classes at every step: the walk of a class is then the steps.
            let w = {
                w with
                    PerBatch = w.Classes
                    Ranks = 1
            }

            let s = sampler w 0

            Seq.forall
                (fun k ->
                    let images = w.Labeled |> Array.filter (fun i -> w.Labels[i] = k)
                    let drawsPerPass = (images.Length + w.PerClass - 1) / w.PerClass

                    Seq.forall
                        (fun pass ->
                            let drawn = [|
                                for step in pass * drawsPerPass .. (pass + 1) * drawsPerPass - 1 do
                                    let draw = s.At step

                                    for sample, c in Seq.zip draw.Samples draw.Classes do
                                        if c = k then
                                            sample
                            |]

                            set drawn = set images
                            && Seq.forall (fun (_, n) -> n <= 2) (Seq.countBy id drawn))
                        [ 0..2 ])
                [ 0 .. w.Classes - 1 ]

        testPropertyWithConfig config "a support step asked for out of order is the one in order"
        <| fun (w: World) ->
            let inOrder = sampler w 0
            let draws = [ for step in 0..20 -> inOrder.At step ]

            [ 20; 3; 11; 0; 19 ]
            |> List.forall (fun step ->
                let fresh = (sampler w 0).At step
                let again = inOrder.At step

                fresh.Samples = draws[step].Samples
                && again.Samples = draws[step].Samples
                && fresh.Classes = draws[step].Classes)

        testPropertyWithConfig config "every epoch of unlabeled images is a permutation, cut short by less than a batch"
        <| fun (PositiveInt extra) (PositiveInt batch) (seed: uint64) ->
            let batch, world = 1 + batch % 7, 2
            let count = batch * world + extra % 40

            let samplers = [
                for rank in 0 .. world - 1 -> UnlabeledSampler(count, batch, seed, rank, world)
            ]

            let steps = samplers[0].StepsPerEpoch

            let epoch number = [|
                for step in number * steps .. (number + 1) * steps - 1 do
                    for s in samplers do
                        yield! s.At(step).ToArray()
            |]

            let first, second = epoch 0, epoch 1

            distinct first
            && distinct second
            && first |> Array.forall (fun i -> i >= 0 && i < count)
            && count - first.Length < batch * world
            && (count < 12 || first <> second)

        testPropertyWithConfig config "ranks share the batches of one large rank"
        <| fun (seed: uint64) (NonNegativeInt step) ->
            let step = step % 100
            let whole = UnlabeledSampler(50, 12, seed).At(step).ToArray()

            whole =
                Array.concat [
                    for rank in 0..2 -> UnlabeledSampler(50, 4, seed, rank, 3).At(step).ToArray()
                ]
    ]

module Paws.Tests.Data.LoadingTests

open System
open System.Threading
open Expecto
open Paws.Data
open Paws.Data.Augment
open Paws.Data.Datasets
open Paws.Data.Loading
open Paws.Data.Sampling
open Paws.Tests

let private large =
    ViewRecipe(Size = 16, RandomCrop = true, Scale = struct (0.5, 1.0), Flip = 0.5, Jitter = 0.8, JitterStrength = 0.5)

let private small =
    ViewRecipe(Size = 9, RandomCrop = true, Scale = struct (0.2, 0.5), Equalize = 0.2)

let private noneBroken = MemoryImages.dataset 60 3 (fun _ -> false)

/// Two epochs and a half of PAWS steps over 60 images, 30 of them labeled.
let private planner steps =
    let unlabeled = UnlabeledSampler(60, 12, 5UL)

    let support =
        SupportSampler(noneBroken.Labels, [| 0..29 |], noneBroken.Classes, 3, 4, 5UL)

    PawsPlanner(unlabeled, support, large, small, 2, 3, Nullable steps)

let private contents kind (batch: Batch) =
    let plan = batch.Plan

    plan.Groups
    |> Seq.mapi (fun g group ->
        let bytes = group.Rows.Length * Augmenter.BytesOf(group.Recipe, kind)
        let copy = Array.zeroCreate<byte> bytes
        Runtime.InteropServices.Marshal.Copy(batch.Memory[g].Pointer, copy, 0, bytes)
        copy)
    |> Seq.toList

let private loadAll kind workers depth first (plans: PawsPlanner) =
    use loader =
        new BatchLoader(noneBroken, (fun step -> plans.At step), first, kind, 11UL, workers, depth)

    let rec go batches =
        match loader.Next() with
        | null -> List.rev batches
        | batch ->
            use batch = batch
            go ((batch.Plan.Step, contents kind batch) :: batches)

    go []

/// Waits until a condition holds, for a few seconds at most.
let private eventually what condition =
    Expect.isTrue (SpinWait.SpinUntil(Func<bool>(condition), 5000)) what

[<Tests>]
let tests =
    testList "Data.Loading" [
        test "batches are the same, bit for bit, for 1, 2 and 3 workers" {
            for kind in [ PixelType.Float32; PixelType.BFloat16 ] do
                let one = loadAll kind 1 1 0 (planner 12)
                Expect.equal (one |> List.map fst) [ 0..11 ] "steps in order"
                Expect.equal (loadAll kind 2 3 0 (planner 12)) one "two workers"
                Expect.equal (loadAll kind 3 2 0 (planner 12)) one "three workers"
        }

        test "a resumed loader goes on as if it had not stopped" {
            let whole = loadAll PixelType.BFloat16 2 2 0 (planner 9)
            Expect.equal (loadAll PixelType.BFloat16 2 2 6 (planner 9)) (List.skip 6 whole) "steps 6 to 8"
        }

        test "each row is the view it says it is" {
            let plans = planner 1

            use loader =
                new BatchLoader(noneBroken, (fun step -> plans.At step), 0, PixelType.Float32, 11UL, 2, 2)

            use batch = loader.Next()
            let augmenter = Augmenter()

            for group, actual in Seq.zip batch.Plan.Groups (contents PixelType.Float32 batch) do
                let bytes = Augmenter.BytesOf(group.Recipe, PixelType.Float32)

                for i, row in Seq.indexed group.Rows do
                    let view = Array.zeroCreate<byte> bytes
                    let mutable random = ViewRandom.For(11UL, row.Epoch, row.Sample, row.View)
                    augmenter.Write(noneBroken.Read row.Sample, group.Recipe, &random, PixelType.Float32, view)
                    Expect.sequenceEqual actual[i * bytes .. (i + 1) * bytes - 1] view $"row {i}"
        }

        test "batches are made ahead up to the depth, and memory is used again" {
            let planned, allocated = [| 0 |], [| 0 |]
            let plans = planner 40

            let plan step =
                Interlocked.Increment &planned[0] |> ignore
                plans.At step

            let allocate bytes =
                Interlocked.Increment &allocated[0] |> ignore
                new NativeBatchMemory(bytes) :> BatchMemory

            use loader =
                new BatchLoader(noneBroken, plan, 0, PixelType.Float32, 1UL, 2, 3, allocate)

            eventually "three ahead" (fun () -> Volatile.Read &planned[0] = 3)
            Thread.Sleep 50
            Expect.equal (Volatile.Read &planned[0]) 3 "no more than the depth"

            for taken in 1..37 do
                use _ = loader.Next()
                eventually "one more" (fun () -> Volatile.Read &planned[0] = taken + 3)

            Expect.isLessThanOrEqual allocated[0] (2 * 4) "depth and one in use, two groups each"
            Expect.isGreaterThanOrEqual loader.WaitSeconds 0.0 "waited"
        }

        test "a broken image surfaces as the data set's own message, and again" {
            use dataset = MemoryImages.dataset 60 3 ((=) 41)
            let plans = SequentialPlanner([| 0..59 |], large, 20)

            use loader =
                new BatchLoader(dataset, (fun step -> plans.At step), 0, PixelType.Float32, 1UL, 3, 2)

            loader.Next().Dispose()
            loader.Next().Dispose()

            for _ in 1..2 do
                let problem = Expect.throwsC (fun () -> loader.Next() |> ignore) id
                Expect.equal (problem.GetType(), problem.Message) (typeof<DataException>, "image 41 is broken") "message"
        }

        test "a failing plan surfaces after the batches before it" {
            let plans = planner 9

            let plan step =
                if step = 2 then
                    raise (DataException "no third plan")

                plans.At step

            use loader = new BatchLoader(noneBroken, plan, 0, PixelType.Float32, 1UL, 1, 4)
            loader.Next().Dispose()
            loader.Next().Dispose()
            let problem = Expect.throwsC (fun () -> loader.Next() |> ignore) id
            Expect.equal problem.Message "no third plan" "message"
        }

        test "waiting can be cancelled, and the batch comes with the next call" {
            use hold = new ManualResetEventSlim()

            use dataset =
                MemoryImages.dataset 60 3 (fun _ ->
                    hold.Wait()
                    false)

            let plans = planner 1

            use loader =
                new BatchLoader(dataset, (fun step -> plans.At step), 0, PixelType.Float32, 1UL, 2, 1)

            use source = new CancellationTokenSource(20)

            try
                Expect.throwsT<OperationCanceledException> (fun () -> loader.Next source.Token |> ignore) "no image yet"
            finally
                hold.Set()

            use batch = loader.Next()
            Expect.equal batch.Plan.Step 0 "first step"
            Expect.isNull (loader.Next()) "the end"
            Expect.isNull (loader.Next()) "still the end"
        }

        test "disposing stops workers that wait for room, and frees memory; a batch in use stays" {
            let alive = [| 0 |]

            let allocate (bytes: int64) =
                Interlocked.Increment &alive[0] |> ignore
                let memory = new NativeBatchMemory(bytes)

                {
                    new BatchMemory() with
                        member _.Pointer = memory.Pointer
                        member _.Bytes = memory.Bytes

                        member _.Dispose(disposing: bool) =
                            Interlocked.Decrement &alive[0] |> ignore
                            (memory :> IDisposable).Dispose()
                }

            let plans = planner 100

            let loader =
                new BatchLoader(noneBroken, (fun step -> plans.At step), 0, PixelType.Float32, 1UL, 3, 2, allocate)

            let batch = loader.Next()
            loader.Dispose()
            Expect.equal alive[0] 2 "the two groups of the batch in use"
            batch.Dispose()
            batch.Dispose()
            Expect.equal alive[0] 0 "all freed"
            Expect.throwsT<ObjectDisposedException> (fun () -> loader.Next() |> ignore) "of no use any more"
        }

        test "native memory is aligned" {
            for bytes in [ 1L; 100L; 4097L ] do
                use memory = new NativeBatchMemory(bytes)
                Expect.equal (memory.Pointer % 64n) 0n "64 bytes"
                Expect.equal memory.Bytes bytes "capacity"
        }
    ]

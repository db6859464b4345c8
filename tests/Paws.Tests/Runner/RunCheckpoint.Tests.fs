module Paws.Tests.Runner.RunCheckpointTests

open System.IO
open System.Text.Json.Nodes
open Expecto
open TorchSharp
open Paws.Runner.Checkpoints
open Paws.Tests
open Paws.Tests.CheckpointFiles

let private state step =
    RunState(
        Phase = "pretrain",
        Step = step,
        Seconds = 0.1 + float step,
        ConfigHash = "abc",
        Extra = JsonObject(dict [ "best", JsonValue.Create 0.1 :> JsonNode ])
    )

let private tensors step = [
    struct ("encoder.w", torch.full (3L, float32 step))
    struct ("optimizer.momentum", torch.zeros 4L)
]

let private save path step =
    RunCheckpoint.Save(path, tensors step, state step)

let private loadedStep path =
    use checkpoint = RunCheckpoint.Load path
    use w = checkpoint.Tensors.Read "encoder.w"
    Expect.equal (int64 (w[0L].item<float32>())) checkpoint.State.Step "tensors and state belong together"
    checkpoint.State.Step

[<Tests>]
let tests =
    testList "Runner.Checkpoints.RunCheckpoint" [
        test "state and tensors come back" {
            use folder = new ScratchFolder()
            let path = folder.File RunCheckpoint.FileName
            Expect.isFalse (RunCheckpoint.Exists path) "nothing yet"
            save path 7L
            Expect.isTrue (RunCheckpoint.Exists path) "there"
            use checkpoint = RunCheckpoint.Load path
            let expected = state 7L
            Expect.equal checkpoint.State.Phase expected.Phase "phase"
            Expect.equal checkpoint.State.Step expected.Step "step"
            Expect.equal checkpoint.State.Seconds expected.Seconds "seconds, exactly"
            Expect.equal checkpoint.State.ConfigHash expected.ConfigHash "hash"
            Expect.equal (checkpoint.State.Extra.ToJsonString()) """{"best":0.1}""" "the rest"
            Expect.isNull checkpoint.Notice "nothing to tell"
            Expect.sequenceEqual checkpoint.Tensors.Names [ "encoder.w"; "optimizer.momentum" ] "names"
        }

        test "the one before is kept, and only that" {
            use folder = new ScratchFolder()
            let path = folder.File RunCheckpoint.FileName

            for step in 1L .. 3L do
                save path step

            Expect.equal folder.Names [ "checkpoint.previous.safetensors"; "checkpoint.safetensors" ] "two files"
            Expect.equal (loadedStep path) 3L "newest"
            Expect.equal (loadedStep (RunCheckpoint.PreviousOf path)) 2L "previous"
        }

        for stop in 1..5 do
            test $"stopped before step {stop} of saving, a checkpoint of the last two loads" {
                use folder = new ScratchFolder()
                let path = folder.File RunCheckpoint.FileName
                save path 1L
                save path 2L
                let steps = StopsAt stop

                try
                    RunCheckpoint.Save(path, tensors 3L, state 3L, steps)
                    Expect.equal (stop, steps.Taken) (5, 4) "four steps in all: create, flush, two renames"
                with :? Paws.Runner.UserErrorException ->
                    Expect.isGreaterThanOrEqual steps.Taken stop "stopped"

                Expect.equal (loadedStep path) (if stop = 5 then 3L else 2L) "nothing is lost but the step under way"
                save path 4L
                Expect.equal (loadedStep path) 4L "and saving goes on"
                Expect.equal folder.Names [ "checkpoint.previous.safetensors"; "checkpoint.safetensors" ] "without leftovers"
            }

        test "a full disk keeps both checkpoints" {
            use folder = new ScratchFolder()
            let path = folder.File RunCheckpoint.FileName
            save path 1L
            save path 2L

            let message =
                userError (fun () -> RunCheckpoint.Save(path, tensors 3L, state 3L, SmallDisk 300))

            Expect.stringContains message "The disk is full" "says so"
            Expect.equal (loadedStep path) 2L "newest"
            Expect.equal (loadedStep (RunCheckpoint.PreviousOf path)) 1L "previous"
        }

        test "a damaged newest checkpoint gives way to the previous, with a notice, and does not replace it" {
            use folder = new ScratchFolder()
            let path = folder.File RunCheckpoint.FileName
            save path 1L
            save path 2L
            File.WriteAllBytes(path, (File.ReadAllBytes path)[..100])

            do
                use checkpoint = RunCheckpoint.Load path
                Expect.equal checkpoint.State.Step 1L "previous"
                Expect.stringContains checkpoint.Notice "Resuming from" "told"

            save path 3L
            Expect.equal (loadedStep (RunCheckpoint.PreviousOf path)) 1L "still the good one"
        }

        test "what is no run checkpoint is refused in one line" {
            use folder = new ScratchFolder()
            let path = folder.File "model.safetensors"
            Expect.stringContains (userError (fun () -> (RunCheckpoint.Load path).Dispose())) "does not exist" "missing"
            RunCheckpoint.SaveModel(path, tensors 1L)
            Expect.stringContains (userError (fun () -> (RunCheckpoint.Load path).Dispose())) "weights only" "a model"

            let with' key value =
                let metadata = System.Collections.Generic.Dictionary((state 1L).ToMetadata())
                metadata[key] <- value
                RunCheckpoint.SaveModel(path, tensors 1L, metadata)
                userError (fun () -> (RunCheckpoint.Load path).Dispose())

            Expect.stringContains (with' "paws.format" "2") "format '2'" "another version"

            for key, value in
                [
                    "paws.step", "-1"
                    "paws.seconds", "NaN"
                    "paws.extra", "[]"
                    "paws.extra", "{"
                ] do
                Expect.stringContains (with' key value) "damaged description" key
        }
    ]

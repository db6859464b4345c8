module Paws.Tests.Runner.CheckpointLoaderTests

open System.Collections.Generic
open System.IO
open Expecto
open TorchSharp
open Paws.Runner.Checkpoints
open Paws.Tests
open Paws.Tests.CheckpointFiles

let private zoo = [
    "conv1.weight", [| 2L; 3L; 3L; 3L |], torch.float32
    "bn1.running_mean", [| 2L |], torch.float32
    "bn1.num_batches_tracked", [||], torch.int64
    "view.rows1to3", [| 2L; 6L |], torch.float32
    "view.transposed", [| 6L; 4L |], torch.float32
    "half", [| 3L |], torch.float32
    "bf16", [| 2L |], torch.float32
    "double", [| 1L |], torch.float32
    "flags", [| 3L |], torch.bool
    "empty", [| 0L; 5L |], torch.float32
    "scalar", [||], torch.float32
    "bytes", [| 3L |], torch.uint8
    "parameter", [| 2L; 2L |], torch.float32
]

[<Tests>]
let tests =
    testList "Runner.Checkpoints.Loader" [
        for file in [ "format-zoo.pth.tar"; "format-zoo-legacy.pth.tar" ] do
            test $"{file} fills an encoder, converting floating-point types" {
                let encoder = [ for name, shape, dtype in zoo -> name, torch.zeros (shape, dtype = dtype) ]

                CheckpointLoader.LoadEncoder(Golden.path $"checkpoints/{file}", named encoder)

                let value name =
                    (encoder |> List.find (fst >> (=) name) |> snd).``to``(torch.float64).flatten().data<float>().ToArray()

                Expect.equal (Array.item 1 (value "conv1.weight")) 0.8414709568023682 "weight"
                Expect.sequenceEqual (value "half") [ 1.5; -2.25; 65504.0 ] "half"
                Expect.sequenceEqual (value "bn1.num_batches_tracked") [ 41.0 ] "counter"
            }

        test "weights, run checkpoints and wrapped names load alike" {
            use folder = new ScratchFolder()
            let saved = torch.arange(6, dtype = torch.float32).reshape(2L, 3L)

            for name in [ "w"; "module.w"; "encoder.w"; "encoder.module.w" ] do
                let others =
                    if name.StartsWith "encoder" then
                        [ "optimizer.momentum", torch.zeros 6L ]
                    else
                        []

                write (folder.File "a") ((name, saved) :: others) noMetadata

                for targetName in [ "w"; "module.w" ] do
                    // A strided parameter that requires gradients, as convolution weights are.
                    let target = torch.nn.Parameter(torch.zeros(3L, 2L).t())
                    CheckpointLoader.LoadEncoder(folder.File "a", named [ targetName, target ])
                    Expect.sequenceEqual (target.detach().contiguous().data<float32>().ToArray()) [ 0f .. 5f ] $"{name} into {targetName}"
        }

        test "counters may be missing, left over or of another shape" {
            use folder = new ScratchFolder()
            write (folder.File "a") [ "w", torch.ones 1L; "bn.num_batches_tracked", torch.tensor 5L ] noMetadata
            let w = torch.zeros 1L
            CheckpointLoader.LoadEncoder(folder.File "a", named [ "w", w; "other.num_batches_tracked", torch.tensor 0L ])
            Expect.equal (w.item<float32>()) 1f "loaded"
            CheckpointLoader.LoadEncoder(folder.File "a", named [ "w", w; "bn.num_batches_tracked", torch.zeros 1L ])
        }

        test "what does not fit is told in one line, and nothing is changed" {
            use folder = new ScratchFolder()

            write
                (folder.File "a")
                [
                    "same", torch.ones 2L
                    "wide", torch.ones (2L, 3L)
                    "integer", torch.ones (1L, dtype = torch.int32)
                    "only here", torch.ones 1L
                ]
                noMetadata

            let same = torch.zeros 2L

            let message =
                userError (fun () ->
                    CheckpointLoader.LoadEncoder(
                        folder.File "a",
                        named [
                            yield "same", same
                            yield "wide", torch.zeros (3L, 2L)
                            yield "integer", torch.zeros 1L
                            for i in 1..5 do
                                yield $"missing{i}", torch.zeros 1L
                        ]
                    ))

            Expect.stringContains message "5 missing (missing1, missing2, missing3, …)" "missing"
            Expect.stringContains message "1 unexpected ('only here')" "unexpected"

            Expect.stringContains
                message
                "2 differing (wide is Float32 [2, 3], not Float32 [3, 2], integer is Int32 [1], not Float32 [1])"
                "differing"

            Expect.equal (same.sum().item<float32>()) 0f "unchanged"
        }

        test "loading and saving leave no tensors behind" {
            use folder = new ScratchFolder()
            use w = torch.zeros(3L, 2L).t()

            let live () =
                DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount

            let once () =
                write (folder.File "a") [ "w", w ] noMetadata
                CheckpointLoader.LoadEncoder(folder.File "a", named [ "w", w ])
                (PublishedCheckpoint.Load(Golden.path "checkpoints/format-zoo.pth.tar")).Dispose()
                (PublishedCheckpoint.Load(Golden.path "checkpoints/format-zoo-legacy.pth.tar")).Dispose()

                userError (fun () -> (PyTorchFile.Load(Golden.path "checkpoints/malicious.pth.tar")).Dispose())
                |> ignore

            let before = live ()
            let control = torch.zeros 1L
            Expect.equal (live ()) (before + 1L) "the counter counts"
            control.Dispose()
            once ()
            Expect.equal (live ()) before "as many as before"
        }

        test "files of neither form are refused in one line" {
            use folder = new ScratchFolder()

            for content in
                [
                    [||]
                    [| 0x80uy |]
                    "PK\003\004 not really"B
                    "plain text, longer than eight bytes"B
                    [| 0x80uy; 2uy; 0x4euy; 0x2euy |]
                ] do
                File.WriteAllBytes(folder.File "a", content)

                userError (fun () -> CheckpointLoader.LoadEncoder(folder.File "a", Seq.empty))
                |> ignore

            Expect.stringContains
                (userError (fun () -> CheckpointLoader.LoadEncoder(folder.File "b", Seq.empty)))
                "does not exist"
                "missing"
        }
    ]

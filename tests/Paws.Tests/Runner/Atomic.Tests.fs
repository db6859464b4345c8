module Paws.Tests.Runner.AtomicTests

open System
open System.IO
open Expecto
open Paws.Runner
open Paws.Runner.Checkpoints
open Paws.Tests
open Paws.Tests.CheckpointFiles

[<Tests>]
let tests =
    testList "Runner.Checkpoints.Atomic" [
        test "text is written into folders that are made, and replaced" {
            use folder = new ScratchFolder()
            let path = folder.File "a/b/text.txt"
            AtomicFile.WriteAllText(path, "first")
            AtomicFile.WriteAllText(path, "zweite, ü")
            Expect.sequenceEqual (File.ReadAllBytes path) (Text.Encoding.UTF8.GetBytes "zweite, ü") "no byte order mark"
            Expect.sequenceEqual (Directory.GetFiles(folder.File "a/b")) [ path ] "no part left"
        }

        test "a writer that fails leaves the old file, no part, and its own exception" {
            use folder = new ScratchFolder()
            AtomicFile.WriteAllText(folder.File "a", "old")

            let failing (stream: Stream) =
                stream.Write "new"B
                failwith "stop"

            Expect.throwsT<Exception> (fun () -> AtomicFile.Write(folder.File "a", failing)) "propagates"
            Expect.equal (File.ReadAllText(folder.File "a")) "old" "untouched"
            Expect.equal folder.Names [ "a" ] "no part"
        }

        test "a full disk is one clear line, and the old file stays" {
            use folder = new ScratchFolder()
            AtomicFile.WriteAllText(folder.File "a", "old")

            let message =
                userError (fun () -> AtomicFile.Write(folder.File "a", (fun stream -> stream.Write "longer than that"B), SmallDisk 8))

            Expect.stringContains message "The disk is full" "says so"
            Expect.stringContains message (folder.File "a") "names the file"
            Expect.equal (File.ReadAllText(folder.File "a")) "old" "untouched"
            Expect.equal folder.Names [ "a" ] "no part"
        }

        test "the system's own full device is told the same way" {
            Needs.fullDevice ()
            use folder = new ScratchFolder()

            let full = {
                new FileSteps() with
                    override _.Create path =
                        base.Create(path).Dispose()
                        new FileStream("/dev/full", FileMode.Open, FileAccess.Write)
            }

            let write (stream: Stream) =
                stream.Write(Array.zeroCreate<byte> 100_000)

            Expect.stringContains (userError (fun () -> AtomicFile.Write(folder.File "a", write, full))) "The disk is full" "says so"
            Expect.isEmpty folder.Names "no part"
        }

        test "a place that cannot be written is a user error" {
            use folder = new ScratchFolder()
            AtomicFile.WriteAllText(folder.File "a", "a file")

            Expect.stringContains
                (userError (fun () -> AtomicFile.WriteAllText(folder.File "a/b", "")))
                "cannot be written"
                "a file for a folder"

            Directory.CreateDirectory(folder.File "d") |> ignore

            Expect.stringContains
                (userError (fun () -> AtomicFile.WriteAllText(folder.File "d", "")))
                "cannot be written"
                "a folder for a file"

            Expect.equal folder.Names [ "a" ] "no part"
        }

        test "a part left by a run that was stopped is overwritten whole" {
            use folder = new ScratchFolder()
            File.WriteAllText(folder.File "a.part", String('x', 1000))
            AtomicFile.WriteAllText(folder.File "a", "new")
            Expect.equal (File.ReadAllText(folder.File "a")) "new" "nothing of the leftover"
            Expect.equal folder.Names [ "a" ] "no part"
        }
    ]

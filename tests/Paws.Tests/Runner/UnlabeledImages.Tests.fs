module Paws.Tests.Runner.UnlabeledImagesTests

open System
open System.IO
open Expecto
open Paws.Data.Datasets
open Paws.Data.Splits
open Paws.Tests

/// A scratch folder with 60 training and 20 test shapes of which six classes are known, in `open`. Decoded images stay in it too.
type private OpenShapes() =
    let scratch = new ScratchFolder()
    let cacheHome = Environment.GetEnvironmentVariable "XDG_CACHE_HOME"

    do
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", scratch.File "cache")

        PawsCommand.runForJson [
            "data"
            "make"
            scratch.File "open"
            "--train"
            "60"
            "--test"
            "20"
            "--known"
            "6"
        ]
        |> ignore

    member _.Folder = scratch.File "open"

    member _.File name = scratch.File name

    interface IDisposable with
        member _.Dispose() =
            Environment.SetEnvironmentVariable("XDG_CACHE_HOME", cacheHome)
            (scratch :> IDisposable).Dispose()

/// Every phase, a few steps each.
let private tiny (shapes: OpenShapes) =
    TinyRun.train 2 12 (shapes.File "run") [ "criterion.unsupervised_batch_size=20"; "logging.log_every_steps=1" ]
    @ [ "--data"; shapes.Folder ]

[<Tests>]
let tests =
    // They set where decoded images are kept.
    testSequenced
    <| testList "Runner.UnlabeledImages" [
        test "a run trains on images without a class and labels none of them" {
            use shapes = new OpenShapes()
            let outcome = PawsCommand.run (tiny shapes)
            Expect.equal outcome.Code 0 outcome.Error
            Expect.stringContains outcome.Out "open: train and test folders; 24 images without a class; 12 labeled images" "said"
            use data = DatasetOpener.Open(DatasetRequest(Root = shapes.Folder))

            let labels = File.ReadAllLines(Path.Combine(shapes.File "run", "labels.txt"))

            let classes = [
                for line in labels do
                    if not (line.StartsWith '#') then
                        data.Train.Labels[int line]
            ]

            Expect.equal (List.sort classes) (List.sort [ 0..5 ] |> List.collect (fun k -> [ k; k ])) "two of each class"

            let steps =
                File.ReadAllLines(Path.Combine(shapes.File "run", "metrics.jsonl"))
                |> Array.filter (fun line -> line.Contains "\"phase\":\"paws+suncet\"" && line.Contains "me_max")

            // Two epochs of 60 images, 36 with a class and 24 without, 20 a step.
            Expect.hasLength steps 6 "steps"
            let evaluated = PawsCommand.runForJson [ "eval"; shapes.File "run" ]
            Expect.equal (evaluated["images"].GetValue<int>()) 12 "test images of the known classes"
        }

        test "a label file that names one is refused, and nothing is left behind" {
            use shapes = new OpenShapes()
            let file = shapes.File "mine.txt"
            File.WriteAllLines(file, [| "0"; "unlabeled/0000006.png" |])

            [
                "train"
                "--data"
                shapes.Folder
                "--label-file"
                file
                "--out"
                shapes.File "run"
            ]
            |> PawsCommand.expectMistake [ "mine.txt, line 2: unlabeled/0000006.png is an image without a class" ]

            Expect.isFalse (Directory.Exists(shapes.File "run")) "no run directory"
        }

        test "data list, check and convert tell them from classes" {
            use shapes = new OpenShapes()
            let listed = PawsCommand.run [ "data"; "list"; shapes.Folder ]
            Expect.stringContains listed.Out "(6 class folders, train and test, unlabeled)" "listed"
            let shown = (PawsCommand.run [ "data"; "check"; shapes.Folder ]).Out.Split '\n'
            Expect.exists shown (fun line -> line.Contains "│ without a class" && line.Contains " 24 ") "row"
            let check = PawsCommand.runForJson [ "data"; "check"; shapes.Folder ]

            Expect.equal
                [
                    for key in [ "classes"; "train"; "without_class"; "test" ] -> check[key].GetValue<int>()
                ]
                [ 6; 60; 24; 12 ]
                "counts"

            let copy = shapes.File "copy"
            let converted = PawsCommand.runForJson [ "data"; "convert"; shapes.Folder; copy ]
            Expect.equal (converted["without_class"].GetValue<int>()) 24 "converted"
            Expect.hasLength (Directory.GetFiles(Path.Combine(copy, "unlabeled"))) 24 "files"
        }

        test "class folders beside unlabeled: it is no class" {
            use shapes = new OpenShapes()
            let flat = shapes.File "flat"
            Directory.Move(Path.Combine(shapes.Folder, "train"), flat)
            Directory.Move(Path.Combine(shapes.Folder, "unlabeled"), Path.Combine(flat, "unlabeled"))
            Expect.stringContains (PawsCommand.run [ "data"; "list"; flat ]).Out "(6 class folders, unlabeled)" "listed"
            let check = PawsCommand.runForJson [ "data"; "check"; flat ]
            Expect.equal (check["classes"].GetValue<int>(), check["without_class"].GetValue<int>()) (6, 24) "counts"

            PawsCommand.expectMistake [ "--labels 5 is fewer than one for each of 6 classes" ] [
                "train"
                "--data"
                flat
                "--labels"
                "5"
                "--out"
                shapes.File "run"
            ]
        }

        test "a number of known classes that cannot be is told in one line" {
            use scratch = new ScratchFolder()

            for known in [ "1"; "11" ] do
                [
                    "data"
                    "make"
                    scratch.File "open"
                    "--train"
                    "10"
                    "--test"
                    "10"
                    "--known"
                    known
                ]
                |> PawsCommand.expectMistake [ $"must be in [2, 10], got {known}"; "--known" ]

            Expect.isFalse (Directory.Exists(scratch.File "open")) "nothing written"
        }
    ]

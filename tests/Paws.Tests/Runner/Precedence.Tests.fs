module Paws.Tests.Runner.PrecedenceTests

open System
open System.IO
open Expecto
open Paws.Runner
open Paws.Runner.Config
open Paws.Tests

let private sets (assignments: string list) =
    assignments |> List.collect (fun assignment -> [ "--set"; assignment ])

let private train arguments = fst (AskedCommand.train arguments)

/// What says which images are labeled: file, number, number a class, unlabeled share.
let private labels (config: PawsConfig) =
    let data = config.Data

    [
        if not (isNull data.LabelFile) then
            "label_file"
        if not (isNull data.Labels) then
            "labels"
        if data.LabelsPerClass.HasValue then
            "labels_per_class"
        if data.UnlabeledFrac.HasValue then
            "unlabeled_frac"
    ]

/// A folder with class folders of nothing.
let private classes (folder: ScratchFolder) (names: string list) =
    let path = folder.File "photos"

    for name in names do
        Directory.CreateDirectory(Path.Combine(path, name)) |> ignore

    path

[<Tests>]
let tests =
    testList "Runner.Precedence" [
        for key, value in
            [
                "unlabeled_frac", "0.5"
                "labels_per_class", "3"
                "labels", "25"
                "label_file", "list.txt"
            ] do
            test $"data.{key} of the user's is what counts, by --set or by a file, whatever the preset says" {
                use folder = new ScratchFolder()
                let file = folder.Write("c.yaml", $"data:\n  {key}: {value}\n")

                for arguments in [ sets [ $"data.{key}={value}" ]; [ "--preset"; "quick"; "--config"; file ] ] do
                    Expect.equal (labels (train arguments).Config) [ key ] "it alone"
            }

            test $"data.{key} by --set wins over each of the others in a file" {
                use folder = new ScratchFolder()

                for other, otherValue in [ "labels_per_class", "4"; "labels", "30"; "label_file", "other.txt" ] do
                    if other <> key then
                        let file = folder.Write("c.yaml", $"data:\n  {other}: {otherValue}\n")
                        let config = (train ([ "--config"; file ] @ sets [ $"data.{key}={value}" ])).Config
                        Expect.equal (labels config) [ key ] other
            }

        test "two that say which images are labeled, in one place: both are named" {
            use folder = new ScratchFolder()

            let file =
                folder.Write("c.yaml", "data:\n  unlabeled_frac: 0.5\n  labels_per_class: 4\n")

            [ "train"; "--config"; file ]
            |> AskedCommand.refused [
                [ "data.unlabeled_frac"; "data.labels_per_class"; "c.yaml"; "give one of them" ]
            ]

            "train" :: sets [ "data.labels=20"; "data.label_file=x" ]
            |> AskedCommand.refused [ [ "data.labels"; "data.label_file"; "--set" ] ]
        }

        test "null takes a key back" {
            Expect.equal (labels (train (sets [ "data.labels_per_class=null"; "data.labels=20" ])).Config) [ "labels" ] "one is left"
        }

        test "options win over --set and files" {
            Expect.equal (labels (train ([ "--labels"; "30" ] @ sets [ "data.label_file=x" ])).Config) [ "labels_per_class" ] "--labels"
            Expect.equal (labels (train ([ "--label-file"; "x" ] @ sets [ "data.labels=20" ])).Config) [ "label_file" ] "--label-file"
        }

        test "a folder named by --set or a file is trained on, not the built-in images of the preset" {
            use folder = new ScratchFolder()
            let photos = classes folder [ "cat"; "dog"; "owl" ]
            let file = folder.Write("c.yaml", $"data:\n  root_path: {photos}\n")

            for arguments in
                [
                    sets [ $"data.root_path={photos}" ]
                    sets [ $"data.image_folder={photos}" ]
                    [ "--preset"; "quick"; "--config"; file ]
                    [ "--config"; file; "--set"; "data.labels_per_class=1" ]
                ] do
                let request = train arguments
                Expect.equal request.Config.Data.Dataset "folder" "data set"
                Expect.equal request.DataDirectory photos "where"
        }

        test "a folder that does not exist is a mistake, by option, --set or file" {
            use folder = new ScratchFolder()
            let nowhere = folder.File "nowhere"
            let file = folder.Write("c.yaml", $"data:\n  root_path: {nowhere}\n")
            let out = folder.File "run"

            for arguments in
                [
                    [ "--data"; nowhere ]
                    sets [ $"data.root_path={nowhere}" ]
                    [ "--preset"; "quick"; "--config"; file ]
                ] do
                PawsCommand.expectMistake [ nowhere ] ([ "train"; "--out"; out ] @ arguments)

            Expect.isFalse (Directory.Exists out) "nothing is left behind"
        }

        test "a folder and the built-in set in one place: both are named; in two, the later counts" {
            use folder = new ScratchFolder()
            let photos = classes folder [ "cat"; "dog" ]

            "train" :: sets [ "data.dataset=shapes"; $"data.root_path={photos}" ]
            |> AskedCommand.refused [ [ "data.dataset=shapes"; "data.root_path"; "give one of them" ] ]

            let file =
                folder.Write("c.yaml", $"data:\n  root_path: {photos}\n  labels_per_class: 1\n")

            let request = train ([ "--config"; file ] @ sets [ "data.dataset=shapes" ])
            Expect.equal (request.Config.Data.Dataset, request.DataDirectory) ("shapes", null) "the built-in set"
        }

        test "classes are those that are there, not those that the data set has by its name" {
            use folder = new ScratchFolder()
            let photos = classes folder [ "cat"; "dog"; "owl"; "yak" ]
            let request = train [ "--preset"; "cifar10"; "--data"; photos; "--labels"; "40" ]
            Expect.equal request.Config.Data.LabelsPerClass (Nullable 10) "labels a class"
            Expect.equal request.Config.Criterion.ClassesPerBatch 4 "classes of a support mini-batch"
        }

        test "baseline.time_factor of the user's wins over a preset's or a file's steps" {
            use folder = new ScratchFolder()
            let file = folder.Write("c.yaml", "baseline:\n  steps: 100\n")

            let config =
                (train ([ "--config"; file ] @ sets [ "baseline.time_factor=2" ])).Config

            Expect.equal (config.Baseline.Steps, config.Baseline.TimeFactor) (0, 2.0) "time"
            Expect.equal (train ([ "--config"; file ])).Config.Baseline.Steps 100 "steps"

            "train" :: sets [ "baseline.steps=5"; "baseline.time_factor=2" ]
            |> AskedCommand.refused [ [ "baseline.steps"; "baseline.time_factor"; "give one of them" ] ]
        }

        test "a preset's warm-up longer than the user's epochs keeps its share of the schedule, and it is said" {
            let request, said = AskedCommand.train [ "--epochs"; "0.25" ]
            let preset = ConfigLoader.Load(preset = "quick").Optimization
            Expect.floatClose Accuracy.medium request.Config.Optimization.Warmup (0.25 * preset.Warmup / preset.Epochs) "share"
            Expect.stringContains said "paws: note: optimization.warmup = " "said"
            let request, said = AskedCommand.train [ "--epochs"; "5" ]
            Expect.equal (request.Config.Optimization.Warmup, said) (preset.Warmup, "") "it fits"
        }

        test "a warm-up of the user's own stays" {
            let request, said =
                AskedCommand.train ([ "--epochs"; "0.5" ] @ sets [ "optimization.warmup=2" ])

            Expect.equal (request.Config.Optimization.Warmup, said) (2.0, "") "refused when the run is set up, where steps are known"
        }

        test "a preset's test images follow the user's large views" {
            let request, said = AskedCommand.train (sets [ "views.large_size=32" ])
            Expect.equal request.Config.Views.TestSize (Nullable 32) "as large"
            Expect.stringContains said "paws: note: views.test_size = 32" "said"
            let both = train (sets [ "views.large_size=32"; "views.test_size=40" ])
            Expect.equal both.Config.Views.TestSize (Nullable 40) "the user's own"
        }

        test "presets, recorded runs and plans are as they were: every record loads as it says, without a word" {
            let records = Repository.files "paper-repro" "config.yaml"
            Expect.isGreaterThan records.Length 50 "records"

            for record in records do
                let request, said =
                    AskedCommand.train [ "--config"; record; "--data"; "."; "--out"; "x/run" ]

                Expect.equal said "" record
                let plain = ConfigLoader.LoadFile record

                let changed =
                    ConfigDiff.Keys(request.Config, DatasetDefaults.Resolve plain)
                    |> Seq.except [ "data.root_path"; "criterion.classes_per_batch" ]

                Expect.isEmpty changed record
                let folder = Path.GetFileName(Path.GetDirectoryName record)

                if folder.Contains "-seed" && record.Contains "/runs/" then
                    Expect.equal (Repro.ReproRun(plain).Key) folder "the hash that a plan finds it by"
        }
    ]

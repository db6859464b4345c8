module Paws.Tests.Runner.LabelsTests

open System
open System.IO
open Expecto
open Paws.Runner.Config
open Paws.Tests
open Paws.Tests.PictureFiles

/// A scratch folder with class folders and a test folder in `photos`. Decoded images stay in it too.
type private Photos(sizes: (string * int) list) =
    let scratch = new DataFolder()
    let cacheHome = Environment.GetEnvironmentVariable "XDG_CACHE_HOME"

    do
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", Path.Combine(scratch.Path, "cache"))

        for label, (name, size) in List.indexed sizes do
            for i in 0 .. size - 1 do
                put scratch $"photos/train/{name}/{i:D2}.png" (picture (label * 50 + i) 16 16)

            put scratch $"photos/test/{name}/t.png" (picture (label * 50 + 49) 16 16)

    member _.Folder = Path.Combine(scratch.Path, "photos")

    member _.File(name: string) = Path.Combine(scratch.Path, name)

    interface IDisposable with
        member _.Dispose() =
            Environment.SetEnvironmentVariable("XDG_CACHE_HOME", cacheHome)
            (scratch :> IDisposable).Dispose()

/// A few steps of PAWS and no other phase.
let private tiny (photos: Photos) (out: string) more =
    let settings =
        [
            "criterion.unsupervised_batch_size=6"
            "meta.model_name=wide_resnet10w1"
            "meta.output_dim=8"
            "meta.device=cpu"
            "views.large_size=16"
            "views.small_size=8"
            "data.multicrop=1"
            "data.workers=1"
            "evaluation.every_epochs=0"
        ]
        |> List.collect (fun setting -> [ "--set"; setting ])

    [
        "train"
        "--data"
        photos.Folder
        "--out"
        photos.File out
        "--epochs"
        "1"
        "--no-baseline"
    ]
    @ settings
    @ more

let private config (photos: Photos) (out: string) =
    RunDirectory.ReadConfig(photos.File out)

/// How many labeled images of each class the run had, in the classes' order.
let private counts (photos: Photos) (out: string) (sizes: (string * int) list) =
    let ends = sizes |> List.map snd |> List.scan (+) 0 |> List.tail

    let indices =
        File.ReadAllLines(Path.Combine(photos.File out, "labels.txt"))
        |> Array.filter (fun line -> not (line.StartsWith '#'))
        |> Array.map int

    [
        for i, last in List.indexed ends ->
            indices
            |> Seq.filter (fun index -> index < last && index >= last - snd sizes[i])
            |> Seq.length
    ]

let private trained arguments =
    let outcome = PawsCommand.run arguments
    Expect.equal outcome.Code 0 outcome.Error
    outcome.Error

[<Tests>]
let tests =
    // They set where decoded images are kept.
    testSequenced
    <| testList "Runner.Labels" [
        let sizes = [ "cat", 3; "dog", 12; "owl", 12 ]

        test "--labels on uneven classes: who has fewer gives all, which is said, and the supports fit" {
            use photos = new Photos(sizes)

            let said =
                trained (tiny photos "run" [ "--labels"; "15"; "--preset"; "cifar10-cpu" ])

            Expect.equal (counts photos "run" sizes) [ 3; 6; 6 ] "labels"

            Expect.stringContains
                said
                "15 labels cannot be the same number of each of 3 classes: all there are of cat (3), 6 of each of dog, owl"
                "said"

            Expect.stringContains said "criterion.supervised_imgs_per_class = 3, supervised_views = 5 (not 16 and 1)" "supports"
            let made = config photos "run"
            Expect.equal (made.Data.Labels, made.Data.LabelsPerClass) ("15", Nullable()) "recorded"
            Expect.equal (made.Criterion.SupervisedImgsPerClass, made.Criterion.SupervisedViews) (3, 5) "fitted"

            // The record reproduces the run, without a word.
            let again =
                trained [
                    "train"
                    "--config"
                    photos.File "run/config.yaml"
                    "--out"
                    photos.File "again"
                ]

            Expect.equal again "" "nothing to fit"

            let bytes out name =
                File.ReadAllBytes(Path.Combine(photos.File out, name))

            for name in [ "labels.txt"; "model.safetensors"; "config.yaml" ] do
                Expect.isTrue (bytes "again" name = bytes "run" name) name
        }

        test "the same command with --resume goes on with what was fitted" {
            use photos = new Photos(sizes)
            let command = tiny photos "run" [ "--labels"; "15"; "--preset"; "cifar10-cpu" ]
            let stopped = PawsCommand.runUntil (Threading.CancellationToken true) command
            Expect.equal stopped.Code 130 stopped.Error
            trained (command @ [ "--resume" ]) |> ignore
            Expect.equal (counts photos "run" sizes) [ 3; 6; 6 ] "labels"

            PawsCommand.expectMistake
                [ "different configuration"; "data.labels" ]
                (tiny photos "run" [ "--labels"; "12"; "--preset"; "cifar10-cpu"; "--resume" ])
        }

        test "a number that cannot be divided is shared out, and which classes give one more is said" {
            use photos = new Photos([ "cat", 9; "dog", 9; "owl", 9 ])
            let said = trained (tiny photos "run" [ "--labels"; "10"; "--preset"; "quick" ])
            Expect.equal (List.sort (counts photos "run" [ "cat", 9; "dog", 9; "owl", 9 ])) [ 3; 3; 4 ] "labels"
            Expect.stringContains said "10 labels cannot be the same number of each of 3 classes: 3 of each of " "said"
        }

        test "--labels all, and a preset's number on a folder that has fewer" {
            use photos = new Photos(sizes)
            trained (tiny photos "all" [ "--labels"; "all"; "--preset"; "quick" ]) |> ignore
            Expect.equal (counts photos "all" sizes) [ 3; 12; 12 ] "all"
            Expect.equal (config photos "all").Data.Labels "all" "recorded"
            trained (tiny photos "preset" [ "--preset"; "cifar10-cpu" ]) |> ignore
            Expect.equal (counts photos "preset" sizes) [ 3; 12; 12 ] "25 a class are not there"
        }

        test "refused: too few, too many with what to do, a number a class that a class has not" {
            use photos = new Photos(sizes)

            let quick more =
                tiny photos "run" (more @ [ "--preset"; "quick" ])

            PawsCommand.expectMistake [ "--labels 2"; "at least 3" ] (quick [ "--labels"; "2" ])
            PawsCommand.expectMistake [ "28 images"; "27 training images"; "at most 27, or all" ] (quick [ "--labels"; "28" ])
            PawsCommand.expectMistake [ "Class cat has 3 training images; 4" ] (quick [ "--set"; "data.labels_per_class=4" ])
            PawsCommand.expectMistake [ "data.labels"; "or all"; "\"some\"" ] (quick [ "--set"; "data.labels=some" ])
            Expect.isFalse (Directory.Exists(photos.File "run")) "nothing is left behind"
            trained (quick [ "--labels"; "27" ]) |> ignore
        }

        test "supports of the user's own are refused where the labels do not serve them, as before" {
            use photos = new Photos(sizes)

            PawsCommand.expectMistake
                [ "criterion.supervised_imgs_per_class to at most 3" ]
                (tiny photos "run" [
                    "--labels"
                    "15"
                    "--preset"
                    "quick"
                    "--set"
                    "criterion.supervised_imgs_per_class=4"
                ])

            trained (
                tiny photos "run" [
                    "--labels"
                    "15"
                    "--preset"
                    "quick"
                    "--set"
                    "criterion.supervised_imgs_per_class=3"
                ]
            )
            |> ignore
        }

        test "a number of classes that the data has not is refused" {
            use photos = new Photos(sizes)

            PawsCommand.expectMistake
                [ "data.num_classes is 5"; "set it to 3" ]
                (tiny photos "run" [ "--labels"; "3"; "--preset"; "quick"; "--set"; "data.num_classes=5" ])

            trained (tiny photos "run" [ "--labels"; "3"; "--preset"; "quick"; "--set"; "data.num_classes=3" ])
            |> ignore
        }

        test "what a chosen preset comes to is said in a line" {
            use photos = new Photos(sizes)
            let outcome = PawsCommand.run (tiny photos "run" [ "--labels"; "3" ])
            Expect.equal outcome.Code 0 outcome.Error
            Expect.stringContains outcome.Out "preset quick: wide_resnet10w1 at 16 pixels, 1 epochs, less than a minute on 2 cores" "said"
            Expect.stringContains outcome.Out "choose another with --preset" "how"
        }
    ]

[<Tests>]
let finetune =
    testSequenced
    <| testList "Runner.PublishedFinetune" [
        test "the help's published file fine-tunes a run: its name of the latest weights means the run's own, which is said" {
            use scratch = new ScratchFolder()
            let run = scratch.File "run"

            trained (TinyRun.onShapes 1 run [ "finetune.epochs=0" ] @ [ "--no-baseline" ])
            |> ignore

            let file =
                scratch.Write(
                    "cifar10_snn.yaml",
                    "criterion:\n  classes_per_batch: 10\n  supervised_views: 2\n  supervised_batch_size: 2\n  temperature: 0.1\n"
                    + "data:\n  data_seed: 152\n  label_smoothing: 0.0\n  normalize: true\n  subset_path: cifar10_subsets/\n  unlabeled_frac: 0.92\n"
                    + "logging:\n  folder: /nowhere/\n  pretrain_path: paws-latest.pth.tar\n  write_tag: paws-latest-SNN\n"
                    + "meta:\n  copy_data: true\n  load_checkpoint: false\n"
                    + "optimization:\n  epochs: 1\n  lr: 0.1\n  start_lr: 0.1\n  final_lr: 0.01\n  momentum: 0.9\n  nesterov: false\n  use_lars: true\n  warmup: 0\n  weight_decay: 0.0\n"
                )

            let said = trained [ "finetune"; run; "--config"; file; "--device"; "cpu" ]

            Expect.stringContains
                said
                "logging.pretrain_path=paws-latest.pth.tar is the published name: the run's own latest weights are taken"
                "weights"

            Expect.stringContains
                said
                "without effect: data.data_seed, data.unlabeled_frac, data.subset_path (fine-tuning keeps the run's labels"
                "labels"

            Expect.stringContains said "without counterpart here: " "copy_data, write_tag"

            let made, before =
                RunDirectory.ReadConfig(Path.Combine(run, "finetune")), RunDirectory.ReadConfig run

            Expect.equal made.Data before.Data "the run's labels and images"
            Expect.equal (made.Finetune.Epochs, made.Optimization.Epochs) (1.0, before.Optimization.Epochs) "epochs"

            [
                "finetune"
                run
                "--config"
                file
                "--set"
                "logging.pretrain_path=other.pth.tar"
                "--out"
                scratch.File "other"
            ]
            |> AskedCommand.refused [
                [ "without counterpart" ]
                [ "without effect" ]
                [ "checkpoint other.pth.tar does not exist" ]
            ]
        }

        test "a published classifier file asks for the method that it is of" {
            use scratch = new ScratchFolder()
            RunDirectory.Create(scratch.File "run", DatasetDefaults.Resolve(ConfigLoader.Load(preset = "quick")))
            let run = scratch.File "run"

            let file =
                scratch.Write(
                    "imgnt_fine_tune.yaml",
                    "logging:\n  pretrain_path: paws-latest.pth.tar\nmeta:\n  training: true\noptimization:\n  epochs: 50\n  lr: 0.05\n  use_lars: false\n  weight_decay: 0.0\n  zero_init: true\n"
                )

            [ "finetune"; run; "--config"; file ]
            |> AskedCommand.refused [ [ "optimization.use_lars=false"; "--method linear or head" ] ]

            let head =
                (fst (AskedCommand.finetune [ run; "--config"; file; "--method"; "head" ])).Config.Finetune

            Expect.equal (head.Epochs, head.HeadLr) (50.0, 0.05) "head"

            let linear =
                (fst (AskedCommand.finetune [ run; "--config"; file; "--method"; "linear" ])).Config.Finetune

            Expect.equal (linear.Epochs, linear.LinearLr) (50.0, 0.05) "linear"
        }

        test "a file of one's own with pre-training's keys is told that fine-tuning has its own" {
            use scratch = new ScratchFolder()
            RunDirectory.Create(scratch.File "run", DatasetDefaults.Resolve(ConfigLoader.Load(preset = "quick")))

            let file =
                scratch.Write("mine.yaml", "optimization:\n  epochs: 3\nfinetune:\n  lr: 0.05\n")

            let request, said = AskedCommand.finetune [ scratch.File "run"; "--config"; file ]
            Expect.equal request.Config.Finetune.Lr 0.05 "finetune"
            Expect.stringContains said "optimization.epochs (fine-tuning has section finetune)" "said"
        }

        test "labels of --set win over the run's" {
            use scratch = new ScratchFolder()

            RunDirectory.Create(
                scratch.File "run",
                DatasetDefaults.Resolve(ConfigLoader.Load(preset = "quick", sets = [ "data.labels=25" ]))
            )

            let data =
                (fst (AskedCommand.finetune [ scratch.File "run"; "--set"; "data.labels_per_class=2" ])).Config.Data

            Expect.equal (data.LabelsPerClass, data.Labels) (Nullable 2, null) "labels"
        }
    ]

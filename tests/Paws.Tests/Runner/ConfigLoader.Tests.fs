module Paws.Tests.Runner.ConfigLoaderTests

open System
open Expecto
open Paws.Runner
open Paws.Runner.Commands
open Paws.Runner.Config
open Paws.Tests

let private load (yaml: string) =
    use folder = new ScratchFolder()
    ConfigLoader.Load(yamlFile = folder.Write("c.yaml", yaml))

let private withSets (sets: string list) =
    ConfigLoader.Load(sets = List.toArray sets)

/// The message of the user's mistake, one entry a line.
let private mistakes action =
    try
        action () |> ignore
        failtest "expected a UserErrorException"
    with :? UserErrorException as e ->
        e.Message.Split '\n' |> List.ofArray

let private hasAll (parts: string list) (line: string) =
    for part in parts do
        Expect.stringContains line part "the message"

let private publishedCifar10 =
    """
criterion:
  classes_per_batch: 10
  me_max: true
  sharpen: 0.25
  supervised_imgs_per_class: 64
  supervised_views: 2
  temperature: 0.1
  unsupervised_batch_size: 256
data:
  color_jitter_strength: 0.5
  data_seed: 152
  dataset: cifar10
  image_folder: cifar10-data/
  label_smoothing: 0.1
  multicrop: 6
  normalize: true
  root_path: datasets/
  subset_path: cifar10_subsets/
  unique_classes_per_rank: false
  unlabeled_frac: 0.92
logging:
  folder: /somewhere/
  write_tag: paws
meta:
  copy_data: true
  device: cuda:0
  load_checkpoint: false
  model_name: wide_resnet28w2
  output_dim: 128
  read_checkpoint: null
  use_fp16: true
  use_pred_head: false
optimization:
  epochs: 600
  final_lr: 0.032
  lr: 3.2
  momentum: 0.9
  nesterov: false
  start_lr: 0.8
  warmup: 10
  weight_decay: 1.0e-06
"""

let private publishedImageNet =
    """
criterion:
  classes_per_batch: 15
  me_max: true
  sharpen: 0.25
  supervised_imgs_per_class: 7
  supervised_views: 1
  temperature: 0.1
  unsupervised_batch_size: 64
data:
  color_jitter_strength: 1.0
  data_seed: null
  dataset: imagenet
  image_folder: imagenet/
  label_smoothing: 0.1
  multicrop: 6
  normalize: true
  root_path: datasets/
  subset_path: imagenet_subsets
  unique_classes_per_rank: true
  unlabeled_frac: 0.9
logging:
  folder: /somewhere/
  write_tag: paws
meta:
  copy_data: true
  device: cuda:0
  load_checkpoint: false
  model_name: resnet50
  output_dim: 2048
  read_checkpoint: null
  use_fp16: true
  use_pred_head: true
optimization:
  epochs: 100
  final_lr: 0.064
  lr: 6.4
  momentum: 0.9
  nesterov: false
  start_lr: 0.3
  warmup: 10
  weight_decay: 1e-6
"""

let private publishedSoftNeighbourTuning =
    """
criterion:
  classes_per_batch: 10
  supervised_views: 2
  supervised_batch_size: 64
  temperature: 0.1
data:
  data_seed: 152
  dataset: cifar10_fine_tune
  image_folder: cifar10-data/
  label_smoothing: 0.0
  unlabeled_frac: 0.92
logging:
  folder: /somewhere/
  pretrain_path: paws-latest.pth.tar
  write_tag: paws-latest
meta:
  device: cpu
  model_name: wide_resnet28w2
optimization:
  epochs: 30
  final_lr: 0.01
  lr: 0.1
  start_lr: 0.1
  use_lars: true
  warmup: 0
  weight_decay: 0.0
"""

let private publishedLinearTuning =
    """
data:
  dataset: imagenet_fine_tune
  num_classes: 1000
logging:
  pretrain_path: paws-latest.pth.tar
meta:
  master_port: 4029
  model_name: resnet50
  training: true
optimization:
  epochs: 50
  lr: 0.02
  use_lars: false
  weight_decay: 0.0
  zero_init: true
"""

[<Tests>]
let precedence =
    testList "Runner.Config.precedence" [
        test "the defaults are the published CIFAR-10 recipe" {
            let published = load publishedCifar10
            let defaults = ConfigLoader.Load()

            let differing =
                ConfigDiff.Keys(published, defaults)
                |> Seq.filter (fun key -> key.StartsWith "criterion." || key.StartsWith "optimization.")

            Expect.isEmpty differing "criterion and optimization"
        }

        test "preset over defaults, file over preset, --set over file, options over --set" {
            use folder = new ScratchFolder()

            let file =
                folder.Write("c.yaml", "optimization:\n  lr: 7\n  epochs: 7\nmeta:\n  seed: 7\n")

            let sets = [| "optimization.epochs=8"; "meta.seed=8" |]

            let config =
                ConfigLoader.Load("quick", file, sets, (fun c -> ConfigOverrides.WithSeed(c, Nullable 9)))

            Expect.equal config.Data.Multicrop 2 "the preset's"
            Expect.equal config.Optimization.Lr 7.0 "the file's"
            Expect.equal config.Optimization.Epochs 8.0 "--set's"
            Expect.equal config.Meta.Seed 9 "the option's"
            Expect.equal config.Optimization.Momentum 0.9 "the default"
        }

        test "the last --set of a key wins" { Expect.equal (withSets [ "meta.seed=1"; "meta.seed=2" ]).Meta.Seed 2 "" }

        test "every preset loads" {
            for name in Presets.Names do
                ConfigLoader.Load(preset = name) |> ignore
        }

        test "a mistyped preset names the nearest" {
            let message =
                mistakes (fun () -> ConfigLoader.Load(preset = "cifar10cpu")) |> List.exactlyOne

            message |> hasAll [ "\"cifar10cpu\""; "did you mean \"cifar10-cpu\"" ]
        }
    ]

[<Tests>]
let values =
    testList "Runner.Config.values" [
        test "numbers in every spelling" {
            for text in [ "1e-6"; "1.0e-06"; "1.0E-6"; "0.000001"; ".000001"; "+1e-6" ] do
                Expect.equal (withSets [ $"optimization.weight_decay={text}" ]).Optimization.WeightDecay 1e-6 text
        }

        test "whole numbers serve where a fraction is asked for" { Expect.equal (withSets [ "optimization.lr=3" ]).Optimization.Lr 3.0 "" }

        test "null where it is a value" {
            let config = load "data:\n  data_seed: null\n  root_path: ~\n  labels_per_class:\n"
            Expect.isFalse config.Data.DataSeed.HasValue "data_seed"
            Expect.isNull config.Data.RootPath "root_path"
            Expect.isFalse config.Data.LabelsPerClass.HasValue "labels_per_class"
        }

        test "lists" { Expect.equal (withSets [ "views.large_scale=[0.5, 1]" ]).Views.LargeScale [| 0.5; 1.0 |] "" }

        test "text that looks like something else" {
            let config = load "logging:\n  write_tag: \"true\"\n  folder: 12\n"
            Expect.equal config.Logging.WriteTag "true" "quoted"
            Expect.equal config.Logging.Folder "12" "plain"
        }

        test "a path with YAML's own characters through --set" {
            Expect.equal (withSets [ "data.root_path=C:\\data: old" ]).Data.RootPath "C:\\data: old" ""
        }

        test "an empty file and empty sections change nothing" {
            Expect.isEmpty (ConfigDiff.Keys(load "", ConfigLoader.Load())) "empty"
            Expect.isEmpty (ConfigDiff.Keys(load "# nothing\ndata:\n", ConfigLoader.Load())) "comment and section"
        }
    ]

[<Tests>]
let published =
    testList "Runner.Config.published files" [
        test "CIFAR-10" {
            let config = load publishedCifar10
            Expect.equal config.Data.DataSeed (Nullable 152) "data_seed"
            Expect.equal config.Data.UnlabeledFrac (Nullable 0.92) "unlabeled_frac"
            Expect.equal config.Optimization.WeightDecay 1e-6 "weight_decay"
            Expect.equal config.Meta.Device "cuda:0" "device"
        }
        test "ImageNet" {
            let config = load publishedImageNet
            Expect.equal config.Criterion.SupervisedImgsPerClass 7 "supervised_imgs_per_class"
            Expect.isTrue config.Data.UniqueClassesPerRank "unique_classes_per_rank"
            Expect.equal config.Meta.OutputDim 2048 "output_dim"
            Expect.isTrue config.Meta.UsePredHead "use_pred_head"
        }
        test "soft nearest-neighbour fine-tuning" {
            let config = load publishedSoftNeighbourTuning
            Expect.equal config.Criterion.SupervisedBatchSize (Nullable 64) "supervised_batch_size"
            Expect.equal config.Optimization.UseLars (Nullable true) "use_lars"
            Expect.equal config.Logging.PretrainPath "paws-latest.pth.tar" "pretrain_path"
        }
        test "fine-tuning with a linear classifier" {
            let config = load publishedLinearTuning
            Expect.equal config.Data.NumClasses (Nullable 1000) "num_classes"
            Expect.equal config.Optimization.ZeroInit (Nullable true) "zero_init"
            Expect.equal config.Meta.MasterPort (Nullable 4029) "master_port"
            Expect.equal config.Meta.Training (Nullable true) "training"
        }
        test "a fine-tuning file's numbers go to section finetune, the run's own stay" {
            use folder = new ScratchFolder()

            let run =
                folder.Write("run.yaml", "data:\n  dataset: cifar10\noptimization:\n  epochs: 5\n")

            let file = folder.Write("ft.yaml", publishedSoftNeighbourTuning)
            let both = ConfigLoader.LoadWithOrigin([], [ run; file ], [], null)
            let alone = ConfigLoader.LoadWithOrigin([], [ file ], [], null)

            let config =
                PublishedFinetune.Adopt(LoadedConfig(both.Config, alone.Assigned), ConfigLoader.LoadFile run)

            Expect.equal config.Optimization.Epochs 5.0 "pre-training epochs"
            Expect.equal config.Finetune.Epochs 30.0 "epochs"
            Expect.equal config.Finetune.Lr 0.1 "lr"
            Expect.equal config.Finetune.FinalLr 0.01 "final_lr"
            Expect.equal config.Finetune.ImgsPerClass 64 "imgs_per_class"
            Expect.equal config.Data.Dataset "cifar10" "dataset"
            Expect.equal config.Data.LabelSmoothing 0.1 "label_smoothing"
        }
    ]

[<Tests>]
let errors =
    testList "Runner.Config.mistakes" [
        test "an unknown key: file, line, nearest key" {
            let message =
                mistakes (fun () -> load "criterion:\n  sharpen: 0.25\n  temprature: 0.1\n")
                |> List.exactlyOne

            message
            |> hasAll [
                "c.yaml, line 3"
                "\"criterion.temprature\""
                "did you mean \"criterion.temperature\""
            ]
        }
        test "a key of another section" {
            mistakes (fun () -> load "data:\n  momentum: 0.9\n")
            |> List.exactlyOne
            |> hasAll [ "line 2"; "\"data.momentum\""; "\"optimization.momentum\"" ]
        }
        test "another program's word" {
            mistakes (fun () -> withSets [ "optimization.learning_rate=1" ])
            |> List.exactlyOne
            |> hasAll [ "did you mean \"optimization.lr\"" ]
        }
        test "a key near to none still names the nearest, and all of the section" {
            mistakes (fun () -> load "baseline:\n  zzzzzzzzzzzz: 1\n")
            |> List.exactlyOne
            |> hasAll [ "the nearest key is"; "keys of baseline are enabled, time_factor" ]
        }
        test "an unknown section" {
            mistakes (fun () -> load "criterium:\n  sharpen: 1\n")
            |> List.exactlyOne
            |> hasAll [ "line 1"; "\"criterium\""; "did you mean \"criterion\"" ]
        }
        test "a key at the top level" {
            mistakes (fun () -> load "epochs: 5\n")
            |> List.exactlyOne
            |> hasAll [ "\"epochs\""; "did you mean the key \"optimization.epochs\"" ]
        }
        testList "a wrong type: key, line, what is expected, what was found" [
            let cases = [
                "optimization:\n  epochs: many\n", [ "line 2"; "optimization.epochs"; "a number"; "found many" ]
                "data:\n  multicrop: 2.5\n", [ "data.multicrop"; "a whole number"; "found 2.5" ]
                "data:\n  multicrop: null\n", [ "data.multicrop"; "a whole number"; "found null" ]
                "data:\n  data_seed: x\n", [ "a whole number, or null"; "found x" ]
                "criterion:\n  me_max: 1\n", [ "criterion.me_max"; "true or false"; "found 1" ]
                "criterion:\n  sharpen: \"0.25\"\n", [ "a number"; "the text \"0.25\"" ]
                "criterion:\n  sharpen: .nan\n", [ "a number"; "found .nan" ]
                "criterion:\n  sharpen: 1e999\n", [ "a number"; "found 1e999" ]
                "criterion:\n  sharpen: [1]\n", [ "a number"; "the list [1]" ]
                "views:\n  large_scale: 1\n", [ "views.large_scale"; "a list of numbers" ]
                "views:\n  mean: [a, b]\n", [ "a list of numbers"; "the list [a, b]" ]
                "logging:\n  folder:\n    x: 1\n", [ "logging.folder"; "text"; "a section of keys" ]
                "data: 3\n", [ "section \"data\" must hold keys" ]
                "- 1\n", [ "expected sections" ]
            ]

            for yaml, parts in cases -> test (yaml.Replace('\n', ' ')) { mistakes (fun () -> load yaml) |> List.exactlyOne |> hasAll parts }
        ]
        test "all mistakes at once, a line each" {
            let lines =
                mistakes (fun () -> load "data:\n  multicrop: x\n  flop: 1\nmeta:\n  sed: 1\n")

            Expect.hasLength lines 3 "three mistakes"
        }
        test "broken YAML names the line" {
            mistakes (fun () -> load "data:\n  flip: 0.5\n bad\n")
            |> List.exactlyOne
            |> hasAll [ "c.yaml, line"; "not valid YAML" ]

            mistakes (fun () -> load "data:\n  flip: [0.5\nmeta:\n")
            |> List.exactlyOne
            |> hasAll [ "c.yaml"; "not valid YAML" ]
        }
        test "a key given twice" {
            mistakes (fun () -> load "data:\n  flip: 0.5\n  flip: 0.4\n")
            |> List.exactlyOne
            |> hasAll [ "line 3" ]
        }
        test "a missing file" {
            mistakes (fun () -> ConfigLoader.Load(yamlFile = "/nowhere/c.yaml"))
            |> List.exactlyOne
            |> hasAll [ "/nowhere/c.yaml does not exist" ]
        }
        test "--set without key or value" {
            for text in [ "lr"; "optimization.lr"; "lr=1"; "=" ] do
                mistakes (fun () -> withSets [ text ])
                |> List.exactlyOne
                |> hasAll [ "expected section.key=value" ]
        }
    ]

module Paws.Tests.Runner.PublishedKeysTests

open System.IO
open System.Text.RegularExpressions
open Expecto
open Paws.Runner.Config
open Paws.Tests

let private set assignment = [ "train"; "--set"; assignment ]

/// Where a key may be named without being read: its declaration, its range, and what is said of keys.
let private notReaders = [ "ConfigChecks.cs"; "PublishedKeys.cs"; "UnreadKeys.cs"; "FittedKeys.cs" ]

/// The source of the program but for those files.
let private source =
    lazy
        (Repository.files "src/Paws.Runner" "*.cs"
         |> Array.filter (fun file ->
             not (
                 file.Replace('\\', '/').Contains "/Config/Sections/"
                 || List.contains (Path.GetFileName file) notReaders
             ))
         |> Array.map File.ReadAllText
         |> String.concat "\n")

/// Whether some line reads the property of the section, from a configuration or from a variable that is named after the section.
let private isRead (key: SectionKey) =
    Regex.IsMatch(
        source.Value,
        $@"(?i:\b{key.SectionProperty.Name})!?\.{key.Property.Name}\b|\{{ {key.Property.Name}: \{{|\b(data|baseline)\.{key.Property.Name}\b"
    )

/// A SuNCEt file of the published schema, made small.
let private suncet =
    "criterion:\n  classes_per_batch: 10\n  supervised_epochs: 100\n  supervised_imgs_per_class: 2\n  supervised_views: 1\n  temperature: 0.1\n"
    + "  unsupervised_batch_size: 10\ndata:\n  color_jitter_strength: 1.0\n  dataset: shapes\n  label_smoothing: 0.0\n  normalize: true\n"
    + "  unlabeled_frac: 0.5\n  shapes_train: 40\n  shapes_test: 20\n  multicrop: 0\nmeta:\n  model_name: wide_resnet10w1\n  output_dim: 16\n"
    + "  device: cpu\nviews:\n  large_size: 16\n  small_size: 8\noptimization:\n  epochs: 1\n  warmup: 0\n"

[<Tests>]
let tests =
    testList "Runner.PublishedKeys" [
        test "every key is read by the program, or stands in the table of those that are not" {
            let unread =
                ConfigSchema.Keys
                |> Seq.choose (function
                    | :? SectionKey as key when not (PublishedKeys.All.ContainsKey key.Path || isRead key) -> Some key.Path
                    | _ -> None)

            Expect.isEmpty unread "keys that nothing reads"
        }

        test "no key of the table is read: whoever begins to read one takes it out" {
            let read =
                ConfigSchema.Keys
                |> Seq.choose (function
                    | :? SectionKey as key when PublishedKeys.All.ContainsKey key.Path && isRead key -> Some key.Path
                    | _ -> None)
                |> Seq.except [
                    "optimization.use_lars" // moved from a published file, then checked
                    "optimization.zero_init"
                    "data.subset_path"
                ]

            Expect.isEmpty read "keys that are read"
        }

        test "the table's keys are there, and at their usual values they say nothing" {
            for path in PublishedKeys.All.Keys do
                let key = ConfigSchema.Find path
                Expect.isNotNull key path
                let usual = ConfigWriter.Format(key.Get(PawsConfig()))
                Expect.equal (snd (AskedCommand.train [ "--set"; $"{path}={usual}" ])) "" path
        }

        test "docs/fidelity.md says what becomes of each" {
            let page = File.ReadAllText((Repository.files "docs" "fidelity.md")[0])

            for path in PublishedKeys.All.Keys do
                Expect.stringContains page $"`{path}`" "a row"
        }

        for assignment, parts in
            [
                "data.subset_path=cifar10_subsets/", [ "--label-file FILE"; "--set data.subset_path=null" ]
                "meta.load_checkpoint=true", [ "paws train --resume --out RUN"; "paws finetune RUN --checkpoint FILE" ]
                "meta.read_checkpoint=old.pth.tar", [ "paws train --resume --out RUN"; "paws finetune RUN --checkpoint FILE" ]
                "meta.training=false", [ "paws eval RUN" ]
                "optimization.use_lars=false", [ "method paws has LARS"; "set it to true" ]
                "optimization.zero_init=false", [ "starts at zero"; "set it to true" ]
                "criterion.supervised_epochs=100", [ "--method simclr-suncet"; "--method paws" ]
            ] do
            test $"{assignment} is refused with what to do instead" { set assignment |> AskedCommand.refused [ assignment :: parts ] }

        test "two keys of one remedy are refused in one line" {
            set "meta.load_checkpoint=true" @ [ "--set"; "meta.read_checkpoint=x" ]
            |> AskedCommand.refused [ [ "meta.load_checkpoint=true, meta.read_checkpoint=x: paws train --resume" ] ]
        }

        for assignment in [ "meta.copy_data=true"; "meta.master_port=4029"; "logging.write_tag=mine" ] do
            test $"{assignment} has no counterpart, which is said once" {
                let _, said = AskedCommand.train [ "--set"; assignment ]
                let path = assignment[.. assignment.IndexOf '=' - 1]
                Expect.stringStarts said "paws: note: without counterpart here: " "said"
                Expect.stringContains said path "which"
                Expect.hasLength (said.TrimEnd().Split '\n') 1 "once"
            }

        test "what the messages name works: the labels said otherwise, LARS and zero as they are" {
            use folder = new ScratchFolder()

            let file =
                folder.Write("c.yaml", "data:\n  subset_path: lists/\n  unlabeled_frac: 0.92\n  data_seed: 152\n")

            [ "train"; "--config"; file ]
            |> AskedCommand.refused [ [ "data.subset_path=lists/"; "c.yaml, line 2" ] ]

            for more in
                [
                    [ "--label-file"; "x" ]
                    [ "--labels"; "20" ]
                    [ "--set"; "data.labels_per_class=1" ]
                    [ "--set"; "data.subset_path=null" ]
                    [ "--set"; "data.subset_path=null"; "--set"; "optimization.use_lars=true" ]
                    [ "--set"; "data.subset_path=null"; "--set"; "optimization.zero_init=true" ]
                ] do
                AskedCommand.train ([ "--config"; file ] @ more) |> ignore
        }

        test "a published SuNCEt file trains no PAWS in silence; with the method that the message names it trains" {
            use folder = new ScratchFolder()
            let file = folder.Write("suncet.yaml", suncet)

            [ "train"; "--config"; file ]
            |> AskedCommand.refused [
                [
                    $"criterion.supervised_epochs=100 ({file}, line 3)"
                    "--method simclr-suncet"
                ]
            ]

            let out = folder.File "run"

            let outcome =
                PawsCommand.run [
                    "train"
                    "--config"
                    file
                    "--method"
                    "simclr-suncet"
                    "--out"
                    out
                    "--no-baseline"
                ]

            Expect.equal outcome.Code 0 outcome.Error
            Expect.equal (ConfigLoader.LoadFile(Path.Combine(out, "config.yaml")).Method.Name) "simclr-suncet" "method"

            let config =
                (fst (AskedCommand.train [ "--config"; file; "--method"; "paws" ])).Config

            Expect.equal config.Method.Name "paws" "by name"
        }

        test "old runs keep what they have recorded: it stops neither resuming nor evaluating nor fine-tuning" {
            use folder = new ScratchFolder()
            let run = folder.File "run"

            let config =
                ConfigLoader.Load(
                    preset = "quick",
                    sets = [
                        "data.subset_path=lists/"
                        "meta.load_checkpoint=true"
                        "meta.copy_data=true"
                        "criterion.supervised_epochs=3"
                    ]
                )

            let data = config.Data
            data.GetType().GetProperty("UnlabeledFrac").SetValue(data, 0.5) // as a run before has it, beside labels_per_class
            RunDirectory.Create(run, DatasetDefaults.Resolve config)
            let request, said = AskedCommand.train [ "--out"; run; "--resume" ]
            Expect.isEmpty (ConfigDiff.Keys(request.Config, RunDirectory.ReadConfig run)) "as recorded"
            Expect.equal said "" "resume"
            Expect.equal (AskedCommand.eval [ run ]) "" "eval"
            Expect.equal (snd (AskedCommand.finetune [ run ])) "" "finetune"
        }
    ]

[<Tests>]
let unread =
    let note sets =
        snd (AskedCommand.train (sets |> List.collect (fun assignment -> [ "--set"; assignment ])))

    testList "Runner.UnreadKeys" [
        for assignments, why in
            [
                [ "method.prototypes=16" ], "method.prototypes (method.name is paws)"
                [ "method.distill_lr=0.1" ], "method.distill_lr (method.distill_epochs is 0)"
                [ "finetune.lr=0.1" ], "finetune.lr (finetune.epochs is 0; paws finetune RUN takes it from the run)"
                [ "finetune.epochs=2"; "finetune.head_lr=0.1" ], "finetune.head_lr (finetune.method is suncet)"
                [ "baseline.enabled=false"; "baseline.lr=0.1" ], "baseline.lr (there is no baseline)"
                [ "method.name=simclr"; "criterion.sharpen=0.5" ], "criterion.sharpen (method.name is simclr)"
                [ "method.name=simclr"; "data.multicrop=3" ], "data.multicrop (method.name is simclr)"
                [ "data.multicrop=0"; "views.small_size=8" ], "views.small_size (data.multicrop is 0)"
                [ "method.name=fixmatch"; "optimization.lr=1" ], "optimization.lr (method.name is fixmatch)"
                [ "data.label_file=x"; "data.data_seed=3" ], "data.data_seed (no labels are drawn)"
            ] do
            test $"said: {why}" { Expect.equal (note assignments) $"paws: note: without effect in this run: {why}\n" "one line" }

        test "keys that are read are not mentioned" {
            for assignments in
                [
                    [ "method.name=swav"; "method.prototypes=16" ]
                    [ "finetune.epochs=2"; "finetune.lr=0.1" ]
                    [ "baseline.lr=0.1"; "criterion.sharpen=0.5"; "data.data_seed=3" ]
                    [ "method.name=supervised"; "baseline.lr=0.1"; "baseline.steps=3" ]
                ] do
                Expect.equal (note assignments) "" $"{assignments}"
        }

        test "several are one line" {
            let said = note [ "method.prototypes=16"; "method.ema=0.9"; "finetune.lr=0.1" ]
            Expect.stringContains said "method.ema, method.prototypes (method.name is paws); finetune.lr (" "together"
            Expect.hasLength (said.TrimEnd().Split '\n') 1 "one"
        }

        test "eval and finetune have their own" {
            use folder = new ScratchFolder()
            RunDirectory.Create(folder.File "run", DatasetDefaults.Resolve(ConfigLoader.Load(preset = "quick")))
            let run = folder.File "run"
            Expect.stringContains (AskedCommand.eval [ run; "--set"; "optimization.lr=1" ]) "optimization.lr (nothing is trained)" "eval"

            Expect.stringContains
                (snd (AskedCommand.finetune [ run; "--set"; "optimization.lr=1" ]))
                "optimization.lr (fine-tuning has section finetune)"
                "finetune"

            Expect.equal (AskedCommand.eval [ run; "--set"; "evaluation.temperature=1" ]) "" "read"

            [ "eval"; run; "--set"; "meta.load_checkpoint=true" ]
            |> AskedCommand.refused [ [ "--checkpoint FILE" ] ]
        }
    ]

namespace Paws.Tests

/// The main job at its smallest, for tests that really run it.
[<RequireQualifiedAccess>]
module TinyRun =

    let private assign settings =
        settings |> List.collect (fun setting -> [ "--set"; setting ])

    /// Every phase, a few steps each; what more sets comes last and wins.
    let train (epochs: int) (labels: int) (out: string) (more: string list) =
        [ "train"; "--out"; out; "--labels"; string labels; "--epochs"; string epochs ]
        @ assign [
            "criterion.supervised_imgs_per_class=2"
            "criterion.unsupervised_batch_size=10"
            "meta.model_name=wide_resnet10w1"
            "meta.output_dim=16"
            "optimization.warmup=0.5"
            "finetune.epochs=2"
            "finetune.imgs_per_class=2"
            "baseline.steps=4"
            "baseline.batch_size=10"
            "logging.log_every_steps=2"
        ]
        @ assign more

    /// On 40 built-in images with two labels a class.
    let onShapes epochs out more =
        train epochs 20 out ([ "data.shapes_train=40"; "data.shapes_test=20" ] @ more)

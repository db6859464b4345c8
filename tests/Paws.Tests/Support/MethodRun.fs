namespace Paws.Tests

open System.IO
open TorchSharp
open Paws.Model
open Paws.Runner.Config
open Paws.Runner.Reporting
open Paws.Runner.Training

/// A method's phase on a few built-in images, for tests that look inside.
[<RequireQualifiedAccess>]
module internal MethodRun =

    /// Runs check with the phase of a method; what more sets comes last and wins.
    let withPhase (method: string) (more: string list) (check: RunSetting -> Encoder -> IMethodPhase -> unit) =
        let config =
            ConfigLoader.Load(
                sets = [
                    $"method.name={method}"
                    "data.shapes_train=40"
                    "data.shapes_test=20"
                    "data.labels_per_class=2"
                    "data.multicrop=2"
                    "data.workers=1"
                    "criterion.supervised_imgs_per_class=2"
                    "criterion.unsupervised_batch_size=10"
                    "meta.model_name=wide_resnet10w1"
                    "meta.output_dim=16"
                    "meta.use_fp16=false"
                    "meta.device=cpu"
                    "views.large_size=16"
                    "views.small_size=8"
                    "optimization.epochs=10"
                    "optimization.warmup=0.5"
                    "baseline.steps=40"
                    "baseline.batch_size=10"
                    "method.labeled_batch=10"
                    yield! more
                ]
            )
            |> DatasetDefaults.Resolve

        use setting =
            RunSetting.Open(config, CommandConsole.ForProcess(true, TextWriter.Null, TextWriter.Null))

        use encoder = setting.NewEncoder()
        use phase = MethodPhases.Create(setting, encoder, null)
        check setting encoder phase

    /// The steps from first to last, each watched before its update and after it; returns their losses.
    let steps (setting: RunSetting) (phase: IPhase) first last (watch: int -> (unit -> unit) -> unit) =
        use loader =
            setting.OpenLoader((fun step -> if step <= last then phase.Plan step else null), first)

        use uploads = new Uploads(setting.Device)

        [|
            for step in first..last do
                use _ = torch.NewDisposeScope()
                phase.Encoder.Train()
                let batch = loader.Next()

                let loss = phase.Loss(uploads.Take batch, batch.Plan, diagnose = (step = last)).Loss

                phase.Parameters.ZeroGrad()
                loss.backward ()
                watch step (fun () -> phase.Update step)
                Scalars.value loss
        |]

    /// The same, unwatched.
    let train setting phase first last =
        steps setting phase first last (fun _ update -> update ())

    /// A tensor's values.
    let values (tensor: torch.Tensor) =
        use _ = torch.NewDisposeScope()
        tensor.detach().cpu().contiguous().data<float32>().ToArray()

    /// All tensors of an encoder as bytes, by name.
    let bytes (encoder: Encoder) =
        use _ = torch.NewDisposeScope()

        Seq.append (encoder.NamedParameters()) (encoder.NamedBuffers())
        |> Seq.map (fun t -> t.Name, t.Value.detach().cpu().contiguous().bytes.ToArray())
        |> Map

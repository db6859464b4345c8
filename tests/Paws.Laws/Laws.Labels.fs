namespace Paws.Laws

open TorchSharp
open Paws.Model

/// Laws of the label matrix: classes a worker, images a class, workers, whether each worker has classes of its own, smoothing.
[<RequireQualifiedAccess>]
module LabelLaws =

    let all (create: int -> int -> int -> bool -> float -> torch.Tensor) =
        let both (s: Setting) check =
            for unique in [ false; true ] do
                check unique (create s.Classes s.ImagesPerClass s.Workers unique s.Smoothing)

        [
            Law.always "rows of labels are distributions" (fun s -> both s (fun _ y -> Must.beDistributions "labels" y))

            Law.always "every class has equally many supports" (fun s ->
                both s (fun unique y ->
                    let counts = y.argmax(1L).data<int64>().ToArray() |> Array.countBy id

                    let each =
                        if unique then
                            s.ImagesPerClass
                        else
                            s.ImagesPerClass * s.Workers

                    Must.hold "images of each class" (counts |> Array.forall (fun (_, n) -> n = each))
                    Must.hold "classes" (counts.Length = if unique then s.Classes * s.Workers else s.Classes)))

            Law.always "rows go class by class and again from the first, worker by worker" (fun s ->
                both s (fun unique y ->
                    let perWorker = s.Classes * s.ImagesPerClass

                    let expected =
                        Array.init (s.Workers * perWorker) (fun row ->
                            int64 (
                                row % perWorker % s.Classes
                                + (if unique then row / perWorker * s.Classes else 0)
                            ))

                    Must.hold "order" (y.argmax(1L).data<int64>().ToArray() = expected)))

            Law.always "smoothing s leaves 1 − s + s/K on the class and s/K on the others, K the classes of all workers" (fun s ->
                both s (fun unique y ->
                    let known = if unique then s.Classes * s.Workers else s.Classes
                    let share = s.Smoothing / float known
                    Must.lieIn "on" (1.0 - s.Smoothing + share) (1.0 - s.Smoothing + share) (y.amax [| 1L |])
                    let others = y.sum([| 1L |]).sub(y.amax [| 1L |])
                    let all = share * float (known - 1)
                    Must.lieIn "others" all all others))

            Law.always "columns of classes that nobody has are zero" (fun s ->
                let y = create s.Classes s.ImagesPerClass s.Workers false s.Smoothing
                Must.hold "columns" (y.shape[1] = int64 (s.Workers * s.Classes))

                if s.Workers > 1 then
                    Must.lieIn "beyond" 0.0 0.0 (y.narrow (1L, int64 s.Classes, y.shape[1] - int64 s.Classes)))
        ]

    /// Laws of the matrix of given classes, in sampler order, and smoothing.
    let ofClasses (f: int[] -> float -> torch.Tensor) = [
        Law.always "given classes make the same matrix as their numbers" (fun s ->
            let drawn = Array.init 100 (fun c -> 3 * c + 1)
            s.Random.Shuffle drawn

            let classes =
                Array.replicate s.ImagesPerClass (Array.take s.Classes drawn) |> Array.concat

            Must.agree "labels" s.Labels (f classes s.Smoothing))
    ]

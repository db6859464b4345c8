/// What a rank of a test job does: the program of the tests, started again by mpirun with --as-rank.
module Paws.Tests.Runner.ParallelRank

open System
open System.IO
open Expecto
open TorchSharp
open Paws.Data.Loading
open Paws.Model
open Paws.Runner
open Paws.Runner.Config
open Paws.Runner.Parallel
open Paws.Runner.Reporting
open Paws.Runner.Startup
open Paws.Runner.Training
open Paws.Tests

/// Meant for four ranks, whoever computes it: 12 unlabeled images, 4 mini-batches of supports.
let private settings = [
    "data.shapes_train=80"
    "data.shapes_test=20"
    "data.labels_per_class=4"
    "data.multicrop=2"
    "data.workers=1"
    "criterion.supervised_imgs_per_class=2"
    "criterion.supervised_views=2"
    "criterion.unsupervised_batch_size=3"
    "meta.model_name=wide_resnet10w1"
    "meta.output_dim=16"
    "meta.use_fp16=false"
    "meta.device=cpu"
    "meta.threads=1"
    "meta.world_size=4"
    "views.large_size=16"
    "views.small_size=10"
    "optimization.warmup=0.5"
    "finetune.imgs_per_class=2"
    "finetune.batch_statistics=true"
    "baseline.batch_size=13"
]

/// The published objective as somebody's own, which is told nothing of ranks.
let private own =
    ExperimentObjective(fun config step ->
        let criterion = config.Criterion

        PawsLoss.evaluate
            (PawsLossOptions.Create(criterion.Temperature, criterion.Sharpen, criterion.MeMax))
            step.Anchors
            step.Supports
            step.Labels
            step.Targets
            step.TargetSupports)

let private cases: (string * string list * (RunSetting -> Encoder -> IPhase)) list = [
    "shared classes", [ "criterion.classes_per_batch=3" ], (fun run encoder -> new PawsPhase(run, encoder, null))

    "classes of each rank's own, prediction head",
    [
        "criterion.classes_per_batch=2"
        "data.unique_classes_per_rank=true"
        "meta.use_pred_head=true"
    ],
    (fun run encoder -> new PawsPhase(run, encoder, null))

    "a term for the supports",
    [ "criterion.classes_per_batch=3"; "criterion.support_weight=0.7" ],
    (fun run encoder -> new PawsPhase(run, encoder, null))

    "an objective of one's own", [ "criterion.classes_per_batch=3" ], (fun run encoder -> new PawsPhase(run, encoder, own))
    "SuNCEt", [], (fun run encoder -> new SuncetPhase(run, encoder))
    "supervised", [], (fun run encoder -> new SupervisedPhase(run, encoder, 20))
]

let private steps = 5

/// What a training run came to: each number by name.
type private Trace = {
    Losses: float list
    Watched: float list
    Gradient: torch.Tensor
    Weights: torch.Tensor
    Buffers: (string * torch.Tensor) list
}

/// Five steps in float64, as TrainingLoop makes them.
let private train (ranks: Workers) more (phaseOf: RunSetting -> Encoder -> IPhase) =
    let config = ConfigLoader.Load(sets = settings @ more) |> DatasetDefaults.Resolve

    let console =
        CommandConsole.ForProcess(false, TextWriter.Null, TextWriter.Null, true)

    use setting = RunSetting.Open(config, console, ranks)
    use encoder = setting.NewEncoder()
    encoder.To(torch.CPU, torch.float64)
    use phase = phaseOf setting encoder
    use loader = setting.OpenLoader((fun step -> phase.Plan step), 0)
    use uploads = new Uploads(setting.Device)

    if phase.BatchStatistics then
        encoder.Train()
    else
        encoder.Eval()

    /// A scalar of which each rank has its part.
    let overRanks (part: torch.Tensor) =
        use sum = part.detach().clone()
        ranks.Sum sum
        Scalars.value sum

    let losses, watched = ResizeArray<float>(), ResizeArray<float>()

    for step in 0 .. steps - 1 do
        use _ = torch.NewDisposeScope()
        let batch = loader.Next()
        let output = phase.Loss(uploads.Take batch, batch.Plan, true)
        phase.Parameters.ZeroGrad()
        output.Loss.backward ()
        ranks.Sum phase.Parameters.Gradients
        phase.Update step

        for part in output.Parts do
            losses.Add(overRanks part.Value)

        for value in output.Watched do
            watched.Add(Scalars.value value.Value)

    let copy (x: torch.Tensor) =
        x.detach().clone().DetachFromDisposeScope()

    {
        Losses = List.ofSeq losses
        Watched = List.ofSeq watched
        Gradient = copy phase.Parameters.Gradients
        Weights = copy phase.Parameters.Values
        Buffers = [
            for buffer in encoder.NamedBuffers() -> buffer.Name, copy (buffer.Value.to_type torch.float64)
        ]
    }

/// Largest difference over the largest magnitude.
let private difference (expected: float list) (actual: float list) =
    if expected.Length <> actual.Length || expected.IsEmpty then
        nan
    else
        let scale = expected |> List.map abs |> List.max

        (List.map2 (fun a b -> abs (a - b)) expected actual |> List.max)
        / max scale 1e-300

/// Each case on the ranks against the same case on one process; rank 0 prints "case | quantity | difference".
let exactness (ranks: Workers) =
    LibTorchSwitches.TurnNnpackOff()

    for name, more, phaseOf in cases do
        let together = train ranks more phaseOf

        if ranks.Leads then
            let alone = train Workers.Single more phaseOf

            let report quantity (value: float) =
                Console.Out.WriteLine $"{name} | {quantity} | {value:R}"

            report "loss" (difference alone.Losses together.Losses)

            if not alone.Watched.IsEmpty then
                report "watched" (difference alone.Watched together.Watched)

            report "gradient" (Golden.relativeError alone.Gradient together.Gradient)
            report "weights" (Golden.relativeError alone.Weights together.Weights)

            alone.Buffers
            |> List.zip together.Buffers
            |> List.map (fun ((_, actual), (_, expected)) -> Golden.relativeError expected actual)
            |> List.max
            |> report "batch-norm statistics"

        ranks.Barrier()

/// Each collective with values that depend on the rank; a mistake fails the rank and so the job.
let collectives (ranks: Workers) =
    let world = ranks.Collectives
    let rank, size = world.Rank, world.Size
    let sumOfRanks = size * (size - 1) / 2

    for dtype in [ torch.float32; torch.float64; torch.int64; torch.uint8 ] do
        use _ = torch.NewDisposeScope()

        let of' (values: int list) =
            torch.tensor(List.toArray values, dtype = torch.int32).to_type dtype

        let equal name (expected: torch.Tensor) (actual: torch.Tensor) =
            if not (actual.Equals expected) then
                failwith $"{name} of {dtype} on rank {rank}: {actual.ToString TensorStringStyle.CSharp}"

        let sum = of' [ rank; 2; rank * rank ]
        world.Sum sum
        equal "sum" (of' [ sumOfRanks; 2 * size; Seq.sum (Seq.init size (fun r -> r * r)) ]) sum

        // A view with an offset: the address must be its own.
        let row = (of' [ 9; 9; 9; rank; rank + 1 ]).narrow(0L, 3L, 2L)
        let all = torch.zeros ([| int64 size; 2L |], dtype = dtype)
        world.Gather(row, all)

        equal
            "gather"
            ((of' [
                for r in 0 .. size - 1 do
                    yield! [ r; r + 1 ]
            ])
                .reshape(int64 size, 2L))
            all

        for root in 0 .. size - 1 do
            let text = of' [ if rank = root then 7 + root else 0 ]
            world.Broadcast(text, root)
            equal "broadcast" (of' [ 7 + root ]) text

    use large = torch.ones ([| 1_500_001L |], dtype = torch.float32)
    world.Sum large

    if Scalars.value (large.sum ()) <> 1_500_001.0 * float size then
        failwith "a large sum"

    world.Barrier()

    if ranks.Broadcast($"von {rank} — ✓", size - 1) <> $"von {size - 1} — ✓" then
        failwith "text"

    if rank = 0 then
        Console.Out.WriteLine $"{size} ranks agree over {world.Name}"

/// The last rank fails before a step, the others are ready; all must end with its words.
let failure (ranks: Workers) =
    try
        ranks.Agree(
            if ranks.Rank = ranks.Size - 1 then
                UserErrorException "image 7 cannot be read"
            else
                null
        )
        |> ignore

        2
    with :? RankFailedException as e ->
        if ranks.Leads then
            Console.Out.WriteLine e.Message

        ranks.Barrier()
        0

let run (name: string) =
    let launch = Launch.Detect()

    // One rank of mpirun's, too, takes the way of many here.
    use ranks =
        if launch.Size > 1 then
            Joining.Join launch
        else
            LibTorch.Prepare()
            new Workers(Mpi.MpiCollectives.Join(), launch, false)

    try
        match name with
        | "exactness" -> exactness ranks
        | "collectives" -> collectives ranks
        | "failure" -> failure ranks |> ignore
        | other -> failwith $"no rank of a test does {other}"

        0
    with e ->
        ranks.Die(e, Console.Error)
        1

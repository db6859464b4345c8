namespace Paws.Tests

open System
open FsCheck
open FsCheck.FSharp
open TorchSharp
open Paws.Model

/// A random setting of the losses, small enough to check in a millisecond. Seed decides every number in it.
type LossCase = {
    Batch: int
    Multicrop: int
    Classes: int
    ImagesPerClass: int
    Dim: int
    Temperature: float
    Sharpen: float
    Smoothing: float
    Seed: int
} with

    member this.Supports = this.Classes * this.ImagesPerClass

/// Random tensors in float64 from generators of their own: torch's global one is shared by all tests.
[<RequireQualifiedAccess>]
module Draw =

    let gaussian (random: Random) rows columns : torch.Tensor =
        let normal _ =
            sqrt (-2.0 * log (1.0 - random.NextDouble()))
            * cos (2.0 * Math.PI * random.NextDouble())

        torch.tensor(Array.init (rows * columns) normal, dtype = torch.float64).reshape(int64 rows, int64 columns)

    let constant rows columns value : torch.Tensor =
        Scalars.full [| int64 rows; int64 columns |] value torch.float64 torch.CPU

    /// Rows that are distributions, from nearly uniform to nearly one-hot.
    let distributions (random: Random) rows columns =
        (gaussian random rows columns |> Scalars.multiply (8.0 * random.NextDouble())).softmax 1L

    /// An orthogonal matrix.
    let rotation (random: Random) size : torch.Tensor =
        let struct (q, _) = torch.linalg.qr (gaussian random size size)
        q

    let permutation (random: Random) size : torch.Tensor =
        let order = Array.init size int64
        random.Shuffle order
        torch.tensor (order, dtype = torch.int64)

    let labels (case: LossCase) =
        LabelMatrix.create case.Classes case.ImagesPerClass 1 false case.Smoothing

/// The generators, for testPropertyWithConfig.
type LossArbitraries =

    static member LossCase() : Arbitrary<LossCase> =
        gen {
            let! batch = Gen.choose (1, 4)
            let! multicrop = Gen.choose (0, 3)
            let! classes = Gen.choose (2, 5)
            let! images = Gen.choose (1, 3)
            let! dim = Gen.choose (2, 8)
            let! temperature = Gen.elements [ 0.05; 0.1; 0.5; 1.0 ]
            let! sharpen = Gen.elements [ 0.1; 0.25; 0.5; 1.0 ]
            let! smoothing = Gen.elements [ 0.0; 0.1 ]
            let! seed = Gen.choose (0, Int32.MaxValue)

            return {
                Batch = batch
                Multicrop = multicrop
                Classes = classes
                ImagesPerClass = images
                Dim = dim
                Temperature = temperature
                Sharpen = sharpen
                Smoothing = smoothing
                Seed = seed
            }
        }
        |> Arb.fromGen

/// How laws about the losses are stated.
[<RequireQualifiedAccess>]
module Law =

    let private config = {
        Expecto.FsCheckConfig.defaultConfig with
            maxTest = 40
            arbitrary = [ typeof<LossArbitraries> ]
    }

    /// A law over random cases; tensors made on the way are freed after each.
    let forall name (law: LossCase -> Random -> unit) =
        Expecto.ExpectoFsCheck.testPropertyWithConfig config name (fun (case: LossCase) ->
            use scope = torch.NewDisposeScope()
            law case (Random case.Seed))

    /// No element differs by more than the tolerance, absolute for values below 1 and relative above.
    let closeWithin tolerance name (expected: torch.Tensor) (actual: torch.Tensor) =
        Expecto.Expect.equal (List.ofSeq actual.shape) (List.ofSeq expected.shape) $"{name}: shape"
        let scale = expected.abs().max().ToDouble() |> max 1.0
        Expecto.Expect.isLessThanOrEqual ((expected - actual).abs().max().ToDouble() / scale) tolerance name

    let close name expected actual = closeWithin 1e-10 name expected actual

    let finite name (x: torch.Tensor) =
        Expecto.Expect.isTrue (x.isfinite().all().ToBoolean()) $"{name} is finite"

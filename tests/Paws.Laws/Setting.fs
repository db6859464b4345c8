namespace Paws.Laws

open System
open System.Globalization
open FsCheck
open FsCheck.FSharp
open TorchSharp
open Paws.Model

/// A random setting of the losses, small enough to check in a millisecond. Every number of its tensors follows from it.
///
/// Letters: b images, m small views, k classes, s = k · images a class supports, d width.
[<CustomEquality; NoComparison; StructuredFormatDisplay("{Text}")>]
type Setting = {
    Images: int
    SmallViews: int
    Classes: int
    ImagesPerClass: int
    Width: int
    /// τ of the classifier.
    Temperature: float
    /// T of the sharpening.
    Sharpen: float
    /// Label smoothing.
    Smoothing: float
    /// For laws about several workers.
    Workers: int
    Rows: Rows
    Seed: int
} with

    override this.Equals other =
        match other with
        | :? Setting as o -> this.Text = o.Text
        | _ -> false

    override this.GetHashCode() = this.Seed

    /// b · (2 + m).
    member this.AnchorRows = this.Images * (2 + this.SmallViews)

    /// s.
    member this.SupportRows = this.Classes * this.ImagesPerClass

    /// The generator for what a law draws itself.
    member this.Random = Random this.Seed

    member private this.Drawn(role, rows) =
        Draw.embeddings this.Rows (Random(this.Seed ^^^ (role * 0x3779B1))) rows this.Width

    /// Embeddings of all views, view by view, large views first, [(2+m)b,d].
    member this.Anchors = this.Drawn(1, this.AnchorRows)

    /// Embeddings of the supports, class after class and again, [s,d].
    member this.Supports = this.Drawn(2, this.SupportRows)

    /// Embeddings of the large views for the targets, swapped: row i is the target of anchor i, [2b,d].
    member this.Targets = this.Drawn(3, 2 * this.Images)

    /// Embeddings of the supports for the targets, [s,d].
    member this.TargetSupports = this.Drawn(4, this.SupportRows)

    /// Labels of the supports, [s,k].
    member this.Labels =
        LabelMatrix.create this.Classes this.ImagesPerClass 1 false this.Smoothing

    /// Scores of classes for all views, from near ties to near certainty, [(2+m)b,k]; another draw for each number.
    member this.Logits number =
        Draw.gaussian (Random(this.Seed + number)) this.AnchorRows this.Classes
        |> Scalars.multiply 3.0

    /// The same setting with rows on which every loss is smooth.
    member this.Regular =
        match this.Rows with
        | Whole
        | Gaussian -> this
        | _ -> { this with Rows = Gaussian }

    /// The same setting with τ ≥ 0.5. At small τ a probability can round to exactly 1, and a loss that is at its best there has no
    /// gradient: true in the mathematics only in the limit, but true in any floating-point type.
    member this.Unsaturated = {
        this with
            Temperature = max 0.5 this.Temperature
    }

    /// What a failing law shows: the setting, and its tensors where they are few.
    member this.Text =
        let invariant (x: float) =
            x.ToString("g4", CultureInfo.InvariantCulture)

        let table name (x: torch.Tensor) =
            use x = x

            let rows =
                x.data<float>().ToArray()
                |> Array.chunkBySize (int x.shape[1])
                |> Array.map (fun row -> "[" + String.Join(' ', Array.map invariant row) + "]")

            $"\n  {name} " + String.Join(' ', rows)

        let head =
            $"{this.Images} images, 2 + {this.SmallViews} views, {this.Classes} classes × {this.ImagesPerClass}, d = {this.Width}, "
            + $"τ = {invariant this.Temperature}, T = {invariant this.Sharpen}, smoothing {invariant this.Smoothing}, "
            + $"{this.Workers} workers, rows {this.Rows}, seed {this.Seed}"

        if (this.AnchorRows + this.SupportRows) * this.Width > 48 then
            head
        else
            head
            + table "anchors" this.Anchors
            + table "supports" this.Supports
            + table "targets" this.Targets
            + table "target supports" this.TargetSupports

/// The generator of settings, and how a failing one is made smaller: fewer of everything, then plainer numbers.
type Settings =

    static member Draw: Gen<Setting> =
        gen {
            let! images = Gen.choose (1, 4)
            let! smallViews = Gen.choose (0, 3)
            let! classes = Gen.choose (2, 5)
            let! imagesPerClass = Gen.choose (1, 3)
            let! width = Gen.choose (2, 8)
            let! temperature = Gen.elements [ 0.05; 0.1; 0.5; 1.0 ]
            let! sharpen = Gen.elements [ 0.1; 0.25; 0.5; 1.0 ]
            let! smoothing = Gen.elements [ 0.0; 0.1; 0.5 ]
            let! workers = Gen.frequency [ 3, Gen.choose (1, 3); 1, Gen.choose (4, 8) ]

            let! rows =
                Gen.frequency [
                    3, Gen.constant Gaussian
                    2, Gen.constant Whole
                    1, Gen.constant Lengths
                    1, Gen.constant Zeros
                    1, Gen.constant Duplicates
                    1, Gen.constant Collinear
                ]

            let! seed = Gen.choose (0, Int32.MaxValue)

            return {
                Images = images
                SmallViews = smallViews
                Classes = classes
                ImagesPerClass = imagesPerClass
                Width = width
                Temperature = temperature
                Sharpen = sharpen
                Smoothing = smoothing
                Workers = workers
                Rows = rows
                Seed = seed
            }
        }

    static member Shrink(setting: Setting) : Setting seq =
        seq {
            let fewer least value make =
                [ least; value / 2; value - 1 ]
                |> Seq.distinct
                |> Seq.filter (fun v -> v >= least && v < value)
                |> Seq.map make

            yield! fewer 1 setting.Images (fun v -> { setting with Images = v })
            yield! fewer 0 setting.SmallViews (fun v -> { setting with SmallViews = v })
            yield! fewer 2 setting.Classes (fun v -> { setting with Classes = v })
            yield! fewer 1 setting.ImagesPerClass (fun v -> { setting with ImagesPerClass = v })
            yield! fewer 2 setting.Width (fun v -> { setting with Width = v })
            yield! fewer 1 setting.Workers (fun v -> { setting with Workers = v })

            if setting.Rows <> Whole then
                { setting with Rows = Whole }

            if setting.Smoothing <> 0.0 then
                { setting with Smoothing = 0.0 }

            if setting.Temperature <> 1.0 then
                { setting with Temperature = 1.0 }

            if setting.Sharpen <> 1.0 then
                { setting with Sharpen = 1.0 }

            if setting.Seed > 9 then
                for seed in 0..9 do
                    { setting with Seed = seed }
        }

    static member Setting() : Arbitrary<Setting> =
        Arb.fromGenShrink (Settings.Draw, Settings.Shrink)
